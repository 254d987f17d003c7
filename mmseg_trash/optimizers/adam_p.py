"""AdamP, by way of timm."""

from typing import Any

from mmseg.registry import OPTIMIZERS

from .from_timm import from_timm


@OPTIMIZERS.register_module()
class AdamP:
    """Adam that does not let the norms of weights grow (Heo et al., arXiv:2006.08217).

    Where a gradient is nearly orthogonal to its weights, which is how weights before a
    norm are known, the step loses its part along the weights, and decay is weakened.

    Args:
        params: Tensors or groups of them.
        **options: ``lr`` (1e-3), ``betas`` (.9, .999), ``eps`` (1e-8),
            ``weight_decay`` (0, decoupled), ``delta`` (.1: the bound on the cosine
            times the root of the dimension), ``wd_ratio`` (.1: the share of the decay
            where the step is projected), ``nesterov``.

    Raises:
        ImportError: timm is not installed.
    """

    def __new__(cls, params: Any, **options: Any) -> Any:
        """Return timm's optimiser of this name."""
        return from_timm('AdamP', params, options)
