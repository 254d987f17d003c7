"""Sizes, windows and enlargement, as mmcv and mmseg compute them, in NumPy."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def target_size(
    size: tuple[int, int], scale: Sequence[int] | None, keep_ratio: bool
) -> tuple[int, int]:
    """Return what mmcv's ``Resize`` makes of an image.

    Args:
        size: (H, W) in pixels.
        scale: (long, short) sides at most; (W, H) without ``keep_ratio``; None keeps
            the size.
        keep_ratio: Keep the ratio of the sides.

    Returns:
        (H, W) in pixels.
    """
    if scale is None:
        return size
    if not keep_ratio:
        return int(scale[1]), int(scale[0])
    factor = min(max(scale) / max(size), min(scale) / min(size))
    height, width = (int(side * float(factor) + 0.5) for side in size)
    return height, width


def window_places(length: int, window: int, stride: int) -> list[int]:
    """Return where windows begin along one side; the last one ends with the image.

    Args:
        length: Of the side, in pixels, at least ``window``.
        window: Length of the window.
        stride: Distance of two windows.
    """
    number = max(length - window + stride - 1, 0) // stride + 1
    return [min(i * stride, length - window) for i in range(number)]


def enlarge(
    maps: NDArray[np.float32], size: tuple[int, int], align_corners: bool
) -> NDArray[np.float32]:
    """Resize maps bilinearly, as ``torch.nn.functional.interpolate`` does.

    Args:
        maps: (C, H, W).
        size: (H, W) of the result, in pixels.
        align_corners: Whether the outermost pixels keep their centres.

    Returns:
        (C, H, W) of that size.
    """
    if maps.shape[1:] == size:
        return maps
    height, width = size
    if not align_corners:
        return np.stack(
            [
                np.asarray(cv2.resize(plane, (width, height)), np.float32)
                for plane in maps
            ]
        )
    rows = np.linspace(0, maps.shape[1] - 1, height, dtype=np.float32)
    columns = np.linspace(0, maps.shape[2] - 1, width, dtype=np.float32)
    x, y = np.meshgrid(columns, rows)
    planes = [cv2.remap(plane, x, y, cv2.INTER_LINEAR) for plane in maps]
    return np.stack([np.asarray(plane, np.float32) for plane in planes])
