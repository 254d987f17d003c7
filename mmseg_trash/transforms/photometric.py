"""Changes of colour that leave every pixel in its place: uint8 BGR in and out."""

from collections.abc import Callable

import cv2
import numpy as np

LEVELS = 10
"""The strongest level; AugMix draws from 0.1 up to its severity."""

Change = Callable[[np.ndarray, float], np.ndarray]


def autocontrast(image: np.ndarray, level: float = 0) -> np.ndarray:
    """Stretch each channel to 0..255; a channel of one value stays."""
    tables = []
    for channel in range(image.shape[2]):
        low, high = (int(n) for n in cv2.minMaxLoc(image[..., channel])[:2])
        table = np.arange(256, dtype=np.float64)
        if high > low:
            table = (table - low) * (255 / (high - low))
        tables.append(np.clip(table, 0, 255))
    return _look_up(image, tables)


def equalize(image: np.ndarray, level: float = 0) -> np.ndarray:
    """Make the values of each channel about equally frequent, in Pillow's integers."""
    tables = []
    for channel in range(image.shape[2]):
        counts = cv2.calcHist([image], [channel], None, [256], [0, 256])
        counts = counts.ravel().astype(np.int64)
        step = (counts.sum() - counts[counts.nonzero()[0][-1]]) // 255
        table = np.arange(256)
        if step:
            below = np.concatenate([[0], np.cumsum(counts)[:-1]])
            table = np.minimum((below + step // 2) // step, 255)
        tables.append(table)
    return _look_up(image, tables)


def posterize(image: np.ndarray, level: float) -> np.ndarray:
    """Keep the highest 4 bits at level 0, none fewer at each 2.5 levels."""
    bits = 4 - int(level * 4 / LEVELS)
    return image & np.uint8(256 - (1 << (8 - bits)))


def solarize(image: np.ndarray, level: float) -> np.ndarray:
    """Invert the values from 256 at level 0, from 0 at level 10, upwards."""
    start = 256 - int(level * 256 / LEVELS)
    table = np.arange(256)
    return _look_up(image, [np.where(table >= start, 255 - table, table)] * 3)


def saturate(image: np.ndarray, level: float) -> np.ndarray:
    """Blend with the grey image: grey at level 0, 1.9 times the colour at 10."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return _blend(image, grey, level)


def contrast(image: np.ndarray, level: float) -> np.ndarray:
    """Blend with the mean grey, weighted as by :func:`saturate`."""
    mean = int(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean() + 0.5)
    return _blend(image, np.full_like(image, mean), level)


def brighten(image: np.ndarray, level: float) -> np.ndarray:
    """Blend with black, weighted as by :func:`saturate`."""
    return _blend(image, np.zeros_like(image), level)


def sharpen(image: np.ndarray, level: float) -> np.ndarray:
    """Blend with a smoothed image, weighted as by :func:`saturate`; borders stay."""
    if min(image.shape[:2]) < 3:
        return image
    kernel = np.ones((3, 3), np.float32)
    kernel[1, 1] = 5
    smooth = image.copy()
    smooth[1:-1, 1:-1] = cv2.filter2D(image, -1, kernel / 13)[1:-1, 1:-1]
    return _blend(image, smooth, level)


CHANGES: dict[str, Change] = dict(
    autocontrast=autocontrast, equalize=equalize, posterize=posterize, solarize=solarize
)
"""Those of the paper that move no pixel and are no corruption of ImageNet-C."""

MORE_CHANGES: dict[str, Change] = dict(
    saturate=saturate, contrast=contrast, brighten=brighten, sharpen=sharpen
)
"""Those that the paper leaves out because they are close to ImageNet-C."""


def _blend(image: np.ndarray, other: np.ndarray, level: float) -> np.ndarray:
    """Return ``other`` at weight 1 - f and ``image`` at f = .1 + 1.8 level / 10."""
    factor = 0.1 + 1.8 * level / LEVELS
    return cv2.addWeighted(image, factor, other, 1 - factor, 0)


def _look_up(image: np.ndarray, tables: list[np.ndarray]) -> np.ndarray:
    """Replace values by one table per channel."""
    table = np.stack(tables, axis=-1).astype(np.uint8)
    return cv2.LUT(image, table[:, None])
