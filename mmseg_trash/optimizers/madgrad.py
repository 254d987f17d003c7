"""MADGRAD, by way of timm."""

from typing import Any

from mmseg.registry import OPTIMIZERS

from .from_timm import from_timm


@OPTIMIZERS.register_module()
class MADGRAD:
    """Momentumised, adaptive dual averaging (Defazio and Jelassi, arXiv:2101.11075).

    The k-th step weighs its gradient by lr * sqrt(k + 1), sums gradients and their
    squares from the start, divides by the cube root of the latter and moves from the
    initial weights. Its rate compares with no other optimiser's; weight decay should
    be near 0.

    Args:
        params: Tensors or groups of them.
        **options: ``lr`` (1e-2, over 0), ``momentum`` (.9, below 1), ``weight_decay``
            (0), ``eps`` (1e-6), and ``decoupled_decay``, True for AdamW's decay instead
            of one within the gradient.

    Raises:
        ImportError: timm is not installed.
        ValueError: An option is out of its range.
    """

    def __new__(cls, params: Any, **options: Any) -> Any:
        """Return timm's optimiser of this name."""
        return from_timm('MADGRAD', params, options)
