"""Optimiser wrappers and their constructors, registered in mmseg's registries."""

from .bfloat16_optim_wrapper import BFloat16OptimWrapper
from .layer_decay_constructor import LayerDecayConstructor
from .layer_depth import layer_depths
from .scaled_backbone_constructor import ScaledBackboneConstructor

__all__ = [
    'BFloat16OptimWrapper',
    'LayerDecayConstructor',
    'ScaledBackboneConstructor',
    'layer_depths',
]
