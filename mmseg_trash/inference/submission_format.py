"""The text of one submission row: a label map as integers between single spaces."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..metainfo import NUM_CLASSES

COLUMNS = ('image_id', 'PredictionString')
HEADER = ','.join(COLUMNS)
SIZE = 256
"""Side of the scored label map in pixels."""

# One row per value of a byte: its digits and a space, filled up with NUL.
_TEXT = np.array([f'{value} '.encode() for value in range(256)], dtype='S4')


def encode_label_map(label: NDArray[np.integer], num_classes: int = NUM_CLASSES) -> str:
    """Write a label map as the row-major list of its labels.

    Args:
        label: H x W (or flat) integers in ``0..num_classes - 1``.
        num_classes: Number of labels, at most 256.

    Returns:
        The labels, separated by single spaces; no space at the ends.

    Raises:
        ValueError: The array is empty, not of integers or holds a label out of range.
    """
    if label.size == 0 or label.dtype.kind not in 'iu':
        raise ValueError(
            f'expected integer labels, got {label.dtype} of shape {label.shape}'
        )
    low, high = int(label.min()), int(label.max())
    if low < 0 or high >= min(num_classes, 256):
        bad = low if low < 0 else high
        raise ValueError(f'label {bad} is out of range, expected 0..{num_classes - 1}')
    padded: bytes = _TEXT[label.ravel()].tobytes()
    return padded.translate(None, b'\0')[:-1].decode('ascii')


def decode_label_map(
    text: str, shape: Sequence[int] = (SIZE, SIZE)
) -> NDArray[np.uint8]:
    """Read what `encode_label_map` wrote.

    Args:
        text: Integers in 0..255, separated by white space.
        shape: Height and width of the label map.

    Returns:
        The label map, ``shape``, uint8.

    Raises:
        ValueError: A value is no integer in 0..255, or their number does not fit.
    """
    values = np.array(text.split(), dtype=np.int64)
    if values.size and (values.min() < 0 or values.max() > 255):
        raise ValueError(
            f'labels run from {values.min()} to {values.max()}, not 0..255'
        )
    return values.astype(np.uint8).reshape(tuple(shape))
