"""Label maps as tensors of integers, and their range: pure functions."""

import numpy as np
import torch
from torch import Tensor

LabelMap = np.ndarray | Tensor


def integers(values: LabelMap, name: str) -> Tensor:
    """Give a label map as a tensor, sharing memory where possible.

    Args:
        values: Label map of any shape; array or tensor.
        name: What the error calls it.

    Returns:
        The same integers: an unsigned type beside uint8 becomes int64, others stay.

    Raises:
        ValueError: The map does not hold integers.
    """
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in 'iu':
            raise ValueError(f'the {name} must hold integers, got {values.dtype}')
        if values.dtype.kind == 'u' and values.dtype != np.uint8:
            values = values.astype(np.int64)
        # torch neither wraps read-only memory quietly nor takes negative strides.
        if not values.flags.writeable or min(values.strides, default=0) < 0:
            values = values.copy()
        return torch.from_numpy(values)
    if values.dtype.is_floating_point or values.dtype == torch.bool:
        raise ValueError(f'the {name} must hold integers, got {values.dtype}')
    return values


def check_range(values: Tensor, stop: int, message: str) -> None:
    """Check that all values lie in [0, stop).

    Args:
        values: Integers of any shape; may be empty.
        stop: The first value that is too large.
        message: Of the error; ``{}`` is where up to ten wrong values go.

    Raises:
        ValueError: A value lies outside.
    """
    if not values.numel():
        return
    low, high = (bound.item() for bound in values.aminmax())
    if low < 0 or high >= stop:
        wrong = values[(values < 0) | (values >= stop)].unique().tolist()
        raise ValueError(message.format(wrong[:10]))
