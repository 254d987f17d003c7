"""Lion, by way of timm."""

from typing import Any

from mmseg.registry import OPTIMIZERS

from .from_timm import from_timm


@OPTIMIZERS.register_module()
class Lion:
    """Signs of a moving average of gradients (Chen et al., arXiv:2302.06675).

    Every weight moves by the rate exactly, so that the rate is a third to a tenth of
    AdamW's, and the decay three to ten times as much.

    Args:
        params: Tensors or groups of them.
        **options: ``lr`` (1e-4), ``betas`` (.9, .99), ``weight_decay`` (0, decoupled).

    Raises:
        ImportError: timm is not installed.
        ValueError: An option is out of its range.
    """

    def __new__(cls, params: Any, **options: Any) -> Any:
        """Return timm's optimiser of this name."""
        return from_timm('Lion', params, options)
