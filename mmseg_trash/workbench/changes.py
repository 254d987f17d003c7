"""What two or more predictions of one image do differently, pixel by pixel."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX
from .compare import disagreement, same_size

Labels = NDArray[np.uint8]

AGAINST_TRUTH = ('corrected', 'spoilt', 'still wrong')
"""Kinds 1 to 3 of `change_kinds` with a truth."""
WITHOUT_TRUTH = ('changed',)
"""Kind 1 of `change_kinds` without one."""


def change_kinds(before: Labels, after: Labels, truth: Labels | None = None) -> Labels:
    """Sort the pixels that differ between two predictions.

    Args:
        before: (H, W).
        after: (H, W), of any size that `compare.same_size` takes.
        truth: (H, W) of the image, or None.

    Returns:
        uint8, of the size of the smallest: 0 where nothing changed, else the number of
        the kind: one of `AGAINST_TRUTH` from 1, or 1 without truth. Pixels that the
        truth ignores count as unchanged.

    Raises:
        DataError: The sizes cannot be brought together.
    """
    before, after = same_size(before, after)
    if truth is None:
        return (before != after).astype(np.uint8)
    truth, before = same_size(truth, before)
    truth, after = same_size(truth, after)
    before, _ = same_size(before, truth)
    changed = (before != after) & (truth != IGNORE_INDEX)
    kinds = np.zeros(truth.shape, np.uint8)
    kinds[changed & (after == truth)] = 1
    kinds[changed & (before == truth)] = 2
    kinds[changed & (before != truth) & (after != truth)] = 3
    return kinds


def disagreement_levels(labels: Sequence[Labels]) -> tuple[Labels, list[str]]:
    """Sort pixels by how many members are not with the most frequent label.

    Args:
        labels: Two label maps of one image or more.

    Returns:
        uint8, of the size of the smallest: the number of dissenters; and the names of
        the levels from 1.
    """
    number = len(labels)
    dissent = np.rint(disagreement(labels) * number).astype(np.uint8)
    names = [f'{k} of {number} dissent{"s" * (k == 1)}' for k in range(1, number)]
    return dissent, names
