"""Optimiser wrappers and their constructors, registered in mmseg's registries."""

from .bfloat16_optim_wrapper import BFloat16OptimWrapper
from .scaled_backbone_constructor import ScaledBackboneConstructor

__all__ = ['BFloat16OptimWrapper', 'ScaledBackboneConstructor']
