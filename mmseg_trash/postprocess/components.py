"""The connected parts of a label map, and what lies around them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Label = NDArray[np.uint8]


@dataclass(frozen=True)
class Components:
    """The connected parts of the classes of a label map.

    Attributes:
        index: H x W int32, the part of each pixel, from 0; -1 where none was sought.
        classes: (n,) uint8, the class of each part.
        sizes: (n,) int64, pixels in each part.
    """

    index: NDArray[np.int32]
    classes: Label
    sizes: NDArray[np.int64]


def find_components(label: Label, background: int | None = 0) -> Components:
    """Find the parts of every class; pixels that touch at a corner are connected.

    Args:
        label: H x W uint8.
        background: A class whose parts are not sought; None seeks all.

    Returns:
        The parts, by class.
    """
    index = np.full(label.shape, -1, np.int32)
    classes, sizes = [np.zeros(0, np.uint8)], [np.zeros(0, np.int64)]
    total = 0
    for value in np.flatnonzero(np.bincount(label.ravel(), minlength=256)):
        if value == background:
            continue
        count, number, stats, _ = cv2.connectedComponentsWithStats(
            (label == value).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
        )
        np.add(number, total - 1, out=index, where=number > 0)
        classes.append(np.full(count - 1, value, np.uint8))
        sizes.append(stats[1:, cv2.CC_STAT_AREA].astype(np.int64))
        total += count - 1
    return Components(index, np.concatenate(classes), np.concatenate(sizes))


def borders(
    index: NDArray[np.int32], label: Label, number: int, solid: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Measure along how many pixel edges each part touches each class.

    Args:
        index: H x W, the part of each pixel; -1 for none.
        label: H x W uint8.
        number: Number of parts n.
        solid: H x W, the pixels that count as neighbours.

    Returns:
        n x K, edges between a part and solid pixels of each class outside it; K - 1 is
        the highest class.
    """
    classes = int(label.max()) + 1
    counts = np.zeros(number * classes, np.int64)
    here, there = np.s_[:-1], np.s_[1:]
    every = np.s_[:]
    for one, other in (
        ((here, every), (there, every)),
        ((every, here), (every, there)),
    ):
        for inside, outside in ((one, other), (other, one)):
            part = index[inside]
            chosen = (part >= 0) & solid[outside] & (index[outside] != part)
            place = part[chosen].astype(np.int64) * classes + label[outside][chosen]
            counts += np.bincount(place, minlength=len(counts))
    return counts.reshape(number, classes)
