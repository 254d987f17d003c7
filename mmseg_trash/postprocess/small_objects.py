"""Count the small objects that a label map finds, misses and invents."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX
from .checks import as_label
from .components import Components, find_components

FOUND = 0.5
"""Share of an object's pixels that must bear its class."""


class SmallObjects(NamedTuple):
    """Numbers of small objects.

    Attributes:
        objects: Those of the truth.
        found: Those of which at least half the pixels have the right class.
        invented: Those of the prediction that touch no pixel of their class.
    """

    objects: int
    found: int
    invented: int


def count_small(
    label: NDArray[np.integer],
    truth: NDArray[np.integer],
    max_area: int = 1024,
    background: int = 0,
) -> SmallObjects:
    """Count small objects, the connected parts of a class of few pixels.

    Args:
        label: The prediction, H x W integers.
        truth: H x W integers; parts under the ignore index do not count.
        max_area: Greatest number of pixels of a small object.
        background: The class of no object.

    Raises:
        ValueError: No such maps, or of different sizes.
    """
    seen = as_label(label)
    true = as_label(truth, seen.shape)
    found, objects = _hits(true, seen, max_area, background, FOUND)
    real, predicted = _hits(seen, true, max_area, background, 0.0)
    return SmallObjects(objects, found, predicted - real)


def _hits(
    drawn: NDArray[np.uint8],
    other: NDArray[np.uint8],
    max_area: int,
    background: int,
    share: float,
) -> tuple[int, int]:
    """Return how many small parts of one map the other one has, and their number."""
    parts: Components = find_components(drawn, background)
    small = (parts.sizes <= max_area) & (parts.classes != IGNORE_INDEX)
    inside = parts.index >= 0
    part = parts.index[inside]
    # What the truth leaves open is neither right nor wrong.
    agree = (other[inside] == parts.classes[part]) | (other[inside] == IGNORE_INDEX)
    same = np.bincount(part, weights=agree, minlength=len(parts.sizes))
    hits = (same >= np.maximum(share * parts.sizes, 1)) & small
    return int(hits.sum()), int(small.sum())
