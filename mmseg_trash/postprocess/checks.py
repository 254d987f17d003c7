"""What every step of the post-processing asks of its input."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_number(value: Any) -> bool:
    """Return whether a parameter is a real number, which true and false are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_count(value: Any, least: int = 0) -> bool:
    """Return whether a parameter is a whole number of at least ``least``."""
    return isinstance(value, Integral) and is_number(value) and int(value) >= least


def check_probs(probs: Any) -> None:
    """Refuse what is no map of probabilities.

    Raises:
        ValueError: Not C x H x W floats of at least one class and pixel, or a value is
            outside 0..1 or not finite.
    """
    if probs.ndim != 3 or probs.size == 0 or probs.dtype.kind != 'f':
        raise ValueError(
            f'expected probabilities C x H x W, got {probs.dtype} '
            f'of shape {probs.shape}'
        )
    low, high = float(probs.min()), float(probs.max())
    # Sums in float32 or half precision may end a little beside 1.
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise ValueError(f'probabilities run from {low} to {high}, not 0 to 1')


def check_image(image: Any, shape: Sequence[int]) -> None:
    """Refuse what is no picture of a size.

    Raises:
        ValueError: Not H x W x 3 uint8, or of another height and width.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f'expected an image H x W x 3 of uint8, got {image.dtype} '
            f'of shape {image.shape}'
        )
    if tuple(image.shape[:2]) != tuple(shape):
        raise ValueError(
            f'the image has the size {image.shape[:2]}, its map {tuple(shape)}'
        )


def as_label(label: Any, shape: Sequence[int] | None = None) -> NDArray[np.uint8]:
    """Return a copy of a label map, in bytes.

    Args:
        label: H x W integers in 0..255.
        shape: The height and width to expect; None takes any.

    Returns:
        H x W uint8.

    Raises:
        ValueError: It is no such map.
    """
    if label.ndim != 2 or label.size == 0 or label.dtype.kind not in 'iu':
        raise ValueError(
            f'expected a label map H x W of integers, got {label.dtype} '
            f'of shape {label.shape}'
        )
    if shape is not None and tuple(label.shape) != tuple(shape):
        raise ValueError(
            f'the label map has the size {label.shape}, expected {tuple(shape)}'
        )
    low, high = int(label.min()), int(label.max())
    if low < 0 or high > 255:
        raise ValueError(f'labels run from {low} to {high}, not 0..255')
    return np.array(label, dtype=np.uint8)
