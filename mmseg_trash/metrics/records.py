"""Confusion matrices of single images, and what can be computed from them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import CLASSES, background_label
from .confusion import (
    Counts,
    iou_from_confusion,
    mean_of_finite,
    miou_batch,
    miou_global,
    miou_image,
    trash_iou,
)


@dataclass(frozen=True)
class Records:
    """What an evaluation counted, image by image.

    Attributes:
        names: ``file_name`` of each image, N.
        matrices: Confusion matrices, N x sizes x C x C, int64, rows the truth.
        batches: Number of the batch of each image, N.
        sizes: Side to which the maps were resized for each matrix; 0 is full size.
        classes: Names of the classes, C; empty where they are not known, as in files
            of earlier versions.
    """

    names: Sequence[str]
    matrices: Counts
    batches: Sequence[int]
    sizes: Sequence[int]
    classes: Sequence[str] = ()

    @property
    def class_names(self) -> Sequence[str]:
        """What tables call the classes: names, the project's own if it fits."""
        number = self.matrices.shape[-1]
        return self.classes or (
            CLASSES if number == len(CLASSES) else [str(n) for n in range(number)]
        )

    def metrics(self) -> dict[str, float]:
        """Compute the three mIoUs and the IoU of trash at each size, in percent.

        ``trash_IoU`` is left out where no class is known to be the background.
        """
        found: dict[str, float] = {}
        background = background_label(self.classes)
        for place, size in enumerate(self.sizes):
            suffix = f'_{size}' if size else ''
            sized = self.matrices[:, place]
            found[f'mIoU{suffix}'] = 100 * miou_global(sized)
            found[f'mIoU_image{suffix}'] = 100 * miou_image(sized)
            found[f'mIoU_batch{suffix}'] = 100 * miou_batch(sized, self.batches)
            if background is not None:
                found[f'trash_IoU{suffix}'] = 100 * trash_iou(sized, background)
        return found

    def class_ious(self) -> list[float]:
        """Compute the IoU of each class over all images at full size, in percent."""
        ious = iou_from_confusion(self.matrices[:, 0].sum(0))
        return [100 * value for value in ious.tolist()]

    def global_miou(self, weights: Counts | None = None) -> float:
        """Compute the global mIoU at full size in percent.

        Args:
            weights: How often each image counts, N; None is once.
        """
        sized = self.matrices[:, 0]
        total = sized.sum(0) if weights is None else np.tensordot(weights, sized, 1)
        return 100 * float(mean_of_finite(iou_from_confusion(total)))


def write_records(records: Records, path: str | os.PathLike[str]) -> None:
    """Write records as a compressed ``.npz``, whole or not at all."""
    with atomic_write(path) as temporary:
        np.savez_compressed(
            temporary,
            names=np.array(records.names, dtype=np.str_),
            matrices=records.matrices,
            batches=np.array(records.batches, dtype=np.int64),
            sizes=np.array(records.sizes, dtype=np.int64),
            classes=np.array(records.classes, dtype=np.str_),
        )


def read_records(path: str | os.PathLike[str]) -> Records:
    """Read what :func:`write_records` wrote.

    Raises:
        DataError: The file is missing, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Records(
                file['names'].tolist(),
                file['matrices'],
                file['batches'].tolist(),
                file['sizes'].tolist(),
                file['classes'].tolist() if 'classes' in file else [],
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f'{path}: holds no records of images: {error}') from error


def join_records(parts: Iterable[Records]) -> Records:
    """Join the records of disjoint sets of images.

    Raises:
        DataError: An image stands in two of them, or their sizes or classes differ.
    """
    found = list(parts)
    names = [name for part in found for name in part.names]
    if len(set(names)) != len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{doubled}: was evaluated in two folds')
    if len({tuple(part.sizes) for part in found}) != 1:
        raise DataError('the records are of different sizes')
    # Files of earlier versions do not name the classes; the others speak for them.
    named = {tuple(part.classes) for part in found if part.classes}
    if len(named) > 1 or len({part.matrices.shape[-1] for part in found}) != 1:
        raise DataError('the records are of different classes')
    batches: list[int] = []
    for part in found:
        start = max(batches, default=-1) + 1
        batches += [start + number for number in part.batches]
    matrices = np.concatenate([part.matrices for part in found])
    classes = named.pop() if named else ()
    return Records(names, matrices, batches, found[0].sizes, classes)
