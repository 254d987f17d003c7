"""Learning rates that fall from the head to the embedding."""

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from mmseg.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from .layer_depth import layer_depths


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor(DefaultOptimWrapperConstructor):
    """Multiply the learning rates of a backbone's layers by powers of a rate.

    Clark et al. 2020, arXiv:2003.10555, appendix A; Bao et al. 2022, arXiv:2106.08254,
    section 3.3. A parameter of depth d of n has the factor rate^(n + 1 - d), see
    :func:`layer_depths`; the heads keep the whole rate. All other rules of the parent
    stay in force; mmseg's own constructor knows BEiT, MAE and ConvNeXt only, and none
    of the parent's rules.

    Args:
        optim_wrapper_cfg: The wrapper's config.
        paramwise_cfg: The parent's, with ``layer_decay_rate``, over 0 to 1; and
            ``last_block_full``, True for rate^(n - d), which leaves the last block the
            whole rate.

    Raises:
        ValueError: ``layer_decay_rate`` is missing or out of range; or, for a model,
            the backbone's blocks are unknown.
    """

    def __init__(
        self,
        optim_wrapper_cfg: dict[str, Any],
        paramwise_cfg: dict[str, Any] | None = None,
    ) -> None:
        paramwise_cfg = dict(paramwise_cfg or {})
        rate = paramwise_cfg.pop('layer_decay_rate', None)
        if rate is None or not 0 < rate <= 1:
            raise ValueError(f'layer_decay_rate must be over 0 to 1, got {rate}')
        self.rate = float(rate)
        self.last_block_full = bool(paramwise_cfg.pop('last_block_full', False))
        # without any entry the parent makes a single group
        paramwise_cfg.setdefault('bypass_duplicate', False)
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(
        self,
        params: list[dict[str, Any]],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: float | None = None,
    ) -> None:
        """Add a module's parameters to the groups, see the parent."""
        done = len(params)
        super().add_params(params, module, prefix, is_dcn_module)
        if prefix != 'backbone':
            return
        names = {id(p): name for name, p in module.named_parameters()}
        depths = layer_depths(names.values())
        top = max(depths.values()) + (0 if self.last_block_full else 1)
        base: Any = self.base_lr
        for group in params[done:]:
            depth = depths[names[id(group['params'][0])]]
            group['lr'] = group.get('lr', base) * self.rate ** (top - depth)
