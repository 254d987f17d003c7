"""Remove noise from label maps: speckles, holes and frayed edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from .checks import as_label, is_count
from .components import borders, find_components

Label = NDArray[np.uint8]


@dataclass(frozen=True)
class CleanUpParams:
    """What is cleaned up; the defaults leave a label map as it is.

    Attributes:
        min_size: Least number of pixels of a connected part of a class: one number for
            all classes but background, or one per class, that of background included.
        max_hole: Holes in objects of up to so many pixels are filled.
        window: Odd side of the majority filter's square in pixels; 1 leaves it out.

    Raises:
        ConfigError: A value is out of range.
    """

    min_size: int | tuple[int, ...] = 0
    max_hole: int = 0
    window: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        sizes = self.min_size if isinstance(self.min_size, tuple) else (self.min_size,)
        for name, value in (
            *(('min_size', size) for size in sizes),
            ('max_hole', self.max_hole),
        ):
            if not is_count(value):
                raise ConfigError(
                    f'CleanUpParams: {name} must be an integer from 0, got {value!r}'
                )
        if not is_count(self.window, 1) or self.window % 2 == 0:
            raise ConfigError(
                f'CleanUpParams: window must be odd and at least 1, got {self.window!r}'
            )


def clean_up(
    label: NDArray[np.integer], params: CleanUpParams, background: int = 0
) -> Label:
    """Filter by majority, remove small parts, fill small holes, in this order.

    Args:
        label: H x W integers in 0..255.
        params: What to do.
        background: The class of no object.

    Returns:
        A new label map, H x W uint8. No part of a class with a least size is smaller,
        unless the map consists of nothing but small parts.

    Raises:
        ValueError: No such label map, or ``min_size`` lacks a class.
    """
    result = majority_filter(label, params.window)
    result = remove_small(result, params.min_size, background)
    return fill_holes(result, params.max_hole, background)


def majority_filter(label: NDArray[np.integer], window: int) -> Label:
    """Give each pixel the most frequent class of the square around it.

    Args:
        label: H x W integers in 0..255.
        window: Odd side of the square in pixels, which the image's edge cuts off.

    Returns:
        H x W uint8. Of equally frequent classes the pixel's own wins, then the lowest.

    Raises:
        ValueError: No such label map.
    """
    result = as_label(label)
    if window == 1:
        return result
    own = result.copy()
    most = np.full(label.shape, -1.0, np.float32)
    for value in np.flatnonzero(np.bincount(own.ravel(), minlength=256)):
        here = (own == value).astype(np.float32)
        # Half a vote more for the pixel's own class decides ties.
        votes = 0.5 * here + cv2.boxFilter(
            here, -1, (window, window), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        better = votes > most
        result[better] = value
        most[better] = votes[better]
    return result


def remove_small(
    label: NDArray[np.integer],
    min_size: int | Sequence[int],
    background: int = 0,
) -> Label:
    """Give the small parts of a class to the class around them.

    Args:
        label: H x W integers in 0..255.
        min_size: See `CleanUpParams`.
        background: The class that a single ``min_size`` spares, and that small parts
            get if they touch nothing but small parts.

    Returns:
        H x W uint8. Each small part has the class with which it shares the longest
        border, other small parts left out; the lowest one of several.

    Raises:
        ValueError: No such label map, or ``min_size`` lacks a class.
    """
    result = as_label(label)
    if not isinstance(min_size, Sequence):
        least = np.full(256, min_size)
        least[background] = 0
    elif result.max() >= len(min_size):
        raise ValueError(
            f'min_size has {len(min_size)} values, the label map holds {result.max()}'
        )
    else:
        least = np.zeros(256, int)
        least[: len(min_size)] = min_size
    if not least.any():
        return result
    parts = find_components(result, background if not least[background] else None)
    small = np.flatnonzero(parts.sizes < least[parts.classes])
    if not len(small):
        return result
    number = np.full(len(parts.sizes) + 1, -1, np.int32)
    number[small] = np.arange(len(small))
    index = number[parts.index]
    touched = borders(index, result, len(small), solid=index < 0)
    replaced = np.where(touched.any(axis=1), touched.argmax(axis=1), background)
    inside = index >= 0
    result[inside] = replaced[index[inside]]
    return result


def fill_holes(label: NDArray[np.integer], max_hole: int, background: int = 0) -> Label:
    """Fill the holes that one class encloses.

    Args:
        label: H x W integers in 0..255.
        max_hole: Greatest number of pixels of a hole.
        background: The class of holes.

    Returns:
        H x W uint8. A hole is a part of the background that touches pixels of a single
        class and not the edge of the image.

    Raises:
        ValueError: No such label map.
    """
    result = as_label(label)
    if not max_hole:
        return result
    count, index, stats, _ = cv2.connectedComponentsWithStats(
        (result == background).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    small = stats[1:, cv2.CC_STAT_AREA] <= max_hole
    edge = np.concatenate([index[0], index[-1], index[:, 0], index[:, -1]])
    small[edge[edge > 0] - 1] = False
    chosen = np.flatnonzero(small)
    number = np.full(count, -1, np.int32)
    number[1 + chosen] = np.arange(len(chosen))
    index = number[index]
    touched = borders(index, result, len(chosen), solid=result != background)
    single = (touched > 0).sum(axis=1) == 1
    inside = index >= 0
    inside[inside] = single[index[inside]]
    result[inside] = touched.argmax(axis=1)[index[inside]]
    return result
