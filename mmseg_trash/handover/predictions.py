"""Predicted label maps beside an album's photographs."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..inference.scoring import read_labels
from .album import Album, Picture

LabelMap = NDArray[np.uint8]


def read_predictions(
    album: Album, path: str | os.PathLike[str], num_labels: int
) -> Iterator[tuple[Picture, LabelMap]]:
    """Read label maps of a submission, a store or a folder of PNG files.

    A PNG file is named ``<file_name>.png``, or as the photograph but for the suffix, as
    the evaluation of a fold names them.

    Yields:
        A photograph and its label map at full size.

    Raises:
        DataError: One is of no photograph of the album, or holds another label.
    """
    known = {picture.file_name: picture for picture in album.pictures}
    bare = [Path(name).with_suffix('').as_posix() for name in known]
    counts = Counter(bare)
    alone = {k: p for k, p in zip(bare, album.pictures) if counts[k] == 1}
    for name, label in read_labels(path):
        picture = known.get(name) or alone.get(name)
        if picture is None:
            raise DataError(f'{path}: {name}: is none of the {len(known)} photographs')
        if label.max(initial=0) >= num_labels:
            raise DataError(
                f'{path}: {name}: has label {label.max()}, expected 0 to '
                f'{num_labels - 1}'
            )
        if label.shape != (picture.height, picture.width):
            size = (picture.width, picture.height)
            resized = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)
            label = np.asarray(resized, np.uint8)
        yield picture, label
