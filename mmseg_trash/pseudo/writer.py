"""Write pseudo labels as a data set in the usual layout."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets.categories import BACKGROUND
from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import IGNORE_INDEX
from .regions import categories, encode
from .trained import PSEUDO


class PseudoWriter:
    """Collect label maps and write them as COCO JSON with their provenance.

    The JSON is read as any other: ``TrashDataset`` gives each label map back pixel by
    pixel, ignored pixels as the ignore index. Images are known by ``file_name``.

    Args:
        classes: Names of the classes; without a "Background", pixels without region are
            ignored.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        named = BACKGROUND in self.classes
        self.background = self.classes.index(BACKGROUND) if named else IGNORE_INDEX
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self._names: set[str] = set()

    def add(self, name: str, label: NDArray[np.uint8]) -> None:
        """Add an image.

        Args:
            name: Its ``file_name``.
            label: (H, W), labels and the ignore index.

        Raises:
            DataError: The image was added before, or a label is no class.
        """
        if name in self._names:
            raise DataError(f'{name}: comes twice')
        try:
            regions = encode(label, self.classes, self.background)
        except DataError as error:
            raise DataError(f'{name}: {error}') from error
        self._names.add(name)
        number = len(self.images)
        height, width = label.shape
        self.images.append(dict(id=number, file_name=name, height=height, width=width))
        for region in regions:
            place = len(self.annotations) + 1
            self.annotations.append(dict(id=place, image_id=number, **region))

    def write(self, path: str | os.PathLike[str], provenance: dict[str, Any]) -> None:
        """Write the JSON, whole or not at all.

        Args:
            path: The file.
            provenance: What the labels come from; its ``round`` is needed.

        Raises:
            DataError: No image was added.
        """
        if not self.images:
            raise DataError(f'{path}: no image is left; are the thresholds too high?')
        content = dict(
            info=dict(description='pseudo labels', **{PSEUDO: provenance}),
            licenses=[],
            images=self.images,
            categories=categories(self.classes),
            annotations=self.annotations,
        )
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(content) + '\n', encoding='utf-8')


def hash_names(names: Iterable[str]) -> str:
    """Hash names of images, whatever their order: 64 hex digits."""
    return hashlib.sha256('\n'.join(sorted(names)).encode()).hexdigest()


def hash_file(path: str | os.PathLike[str]) -> str:
    """Hash a file: 64 hex digits.

    Raises:
        FileNotFoundError: There is no such file.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such file')
    digest = hashlib.sha256()
    with file.open('rb') as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
