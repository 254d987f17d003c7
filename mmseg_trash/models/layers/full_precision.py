"""Islands of float32 under mixed precision."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> AbstractContextManager[Any]:
    """Switch autocast off on a tensor's device.

    The inputs of the block still have to be turned into float32.

    Args:
        tensor: Any tensor on the device; ``meta`` knows no autocast and is left alone.
    """
    if tensor.device.type == 'meta':
        return nullcontext()
    return torch.autocast(tensor.device.type, enabled=False)
