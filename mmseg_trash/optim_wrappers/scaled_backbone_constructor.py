"""Parameter groups with a slower backbone."""

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from mmseg.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ScaledBackboneConstructor(DefaultOptimWrapperConstructor):
    """Multiply the backbone's learning rate and leave all other rules in force.

    Differs from the parent in the entry ``backbone_lr_mult`` of ``paramwise_cfg``. The
    parent could scale the backbone by a key of ``custom_keys`` only, which switches off
    the rules for norms inside it.

    Args:
        optim_wrapper_cfg: The wrapper's config.
        paramwise_cfg: The parent's, with ``backbone_lr_mult``, at least 0.

    Raises:
        ValueError: ``backbone_lr_mult`` is missing or negative.
    """

    def __init__(
        self,
        optim_wrapper_cfg: dict[str, Any],
        paramwise_cfg: dict[str, Any] | None = None,
    ) -> None:
        paramwise_cfg = dict(paramwise_cfg or {})
        factor = paramwise_cfg.pop('backbone_lr_mult', None)
        if factor is None or factor < 0:
            raise ValueError(f'backbone_lr_mult must be 0 or more, got {factor}')
        # without any entry the parent makes a single group
        paramwise_cfg.setdefault('bypass_duplicate', False)
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        self.backbone_lr_mult = float(factor)

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
        if prefix == 'backbone':
            for group in params[done:]:
                base: Any = self.base_lr
                group['lr'] = group.get('lr', base) * self.backbone_lr_mult
