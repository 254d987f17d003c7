"""Objects that a model sees where the labels say background."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SURE = 0.9
"""Probability from which on a pixel counts."""
LEAST_SHARE = 1e-3
"""Share of the image that such pixels must cover in one piece."""


class Missing(NamedTuple):
    """One region.

    Attributes:
        image: Row of the image.
        label: The class that the model sees.
        box: x, y, width, height in pixels.
        area: Its pixels.
        mean: Mean probability of the class in it.
    """

    image: int
    label: int
    box: tuple[float, float, float, float]
    area: int
    mean: float


def find_missing(
    row: int, label: NDArray[np.uint8], probs: NDArray[np.float32], background: int
) -> list[Missing]:
    """Find regions that are surely an object and labelled background.

    Args:
        row: Row of the image.
        label: (H, W).
        probs: (C, H, W).
        background: Label of the background.

    Returns:
        One entry for each piece of each class.
    """
    best = probs.argmax(axis=0)
    sure = probs.max(axis=0) >= SURE
    sure &= (label == background) & (best != background)
    found = []
    for seen in np.unique(best[sure]).tolist():
        region = (sure & (best == seen)).astype(np.uint8)
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(region, connectivity=8)
        for number in range(1, len(stats)):
            x, y, w, h, area = stats[number].tolist()
            if area < LEAST_SHARE * label.size:
                continue
            mean = float(probs[seen][pieces == number].mean())
            box = float(x), float(y), float(w), float(h)
            found.append(Missing(row, seen, box, int(area), mean))
    return found
