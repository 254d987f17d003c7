"""Optimisers of timm, imported when they are built."""

from importlib import import_module
from typing import Any

from torch.optim import Optimizer


def from_timm(name: str, params: Any, options: dict[str, Any]) -> Optimizer:
    """Build one of timm's optimisers.

    Args:
        name: The class in ``timm.optim``.
        params: Tensors or groups of them, as torch's optimisers take them.
        options: The class's arguments.

    Raises:
        ImportError: timm is not installed.
    """
    try:
        optimizers = import_module('timm.optim')
    except ImportError as error:
        raise ImportError(
            f'{name} needs timm: pip install "mmseg_trash[optional]"'
        ) from error
    optimizer: Optimizer = getattr(optimizers, name)(params, **options)
    return optimizer
