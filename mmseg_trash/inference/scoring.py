"""Score predicted label maps against a data set's truth."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..metrics.confusion import confusion_matrices, resize_nearest
from ..metrics.records import Records
from .submission_format import SIZE
from .voting import read_submission

Labels = Iterable[tuple[str, NDArray[np.uint8]]]


def score_labels(
    rows: Labels, dataset: Any, size: int = SIZE, batch_size: int = 8
) -> Records:
    """Count every image's confusion matrix at one size.

    Args:
        rows: ``file_name`` and label map, (H, W); of the image's size or already
            ``size`` x ``size``. Any order.
        dataset: A `TrashDataset` with labels.
        size: Side at which both maps are compared.
        batch_size: Images of a batch, for the mIoU that averages over batches.

    Returns:
        The records, in the data set's order.

    Raises:
        DataError: An image is missing, stands there twice, or is none of the data set;
            or its map is wrong.
    """
    names = [dataset.get_data_info(i)['file_name'] for i in range(len(dataset))]
    places = {name: place for place, name in enumerate(names)}
    classes = dataset.metainfo['classes']
    found: dict[int, NDArray[np.int64]] = {}
    for name, label in rows:
        place = places.get(name)
        if place is None:
            raise DataError(f'{name}: is no image of {dataset.ann_file}')
        if place in found:
            raise DataError(f'{name}: is predicted twice')
        truth = resize_nearest(np.asarray(dataset.label_map_of(place)), size)
        try:
            found[place] = confusion_matrices(
                resize_nearest(label, size), truth, len(classes), dataset.ignore_index
            )
        except ValueError as error:
            raise DataError(f'{name}: {error}') from error
    missing = [name for place, name in enumerate(names) if place not in found]
    if missing:
        raise DataError(
            f'{len(missing)} of {len(names)} images have no prediction, the first is '
            f'{missing[0]!r}'
        )
    matrices = np.stack([found[place] for place in range(len(names))])
    batches = [place // batch_size for place in range(len(names))]
    return Records(names, matrices, batches, [size], classes)


def read_labels(path: str | os.PathLike[str]) -> Labels:
    """Read label maps: a submission, a store, or a folder of ``<file_name>.png``.

    Yields:
        ``file_name`` and the label map.

    Raises:
        FileNotFoundError: There is no such file or folder.
        DataError: It cannot be read as one of these.
    """
    from PIL import Image

    from .store import META, ProbStore

    source = Path(path)
    if source.is_file():
        yield from read_submission(source)
        return
    if (source / META).is_file():
        store = ProbStore.open(source)
        for name in store:
            yield name, store.read(name).argmax(0).astype(np.uint8)
        return
    # hidden ones were begun by a process that was killed
    files = sorted(p for p in source.rglob('*.png') if not p.name.startswith('.'))
    if not files:
        raise FileNotFoundError(f'{source}: no submission, store or folder of PNGs')
    for file in files:
        try:
            with Image.open(file) as image:
                if image.mode not in ('P', 'L'):
                    raise DataError(f'{file}: is of mode {image.mode}, expected P or L')
                label = np.array(image, dtype=np.uint8)
        except OSError as error:
            raise DataError(f'{file}: cannot be read: {error}') from error
        yield file.relative_to(source).as_posix().removesuffix('.png'), label
