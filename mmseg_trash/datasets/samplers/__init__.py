"""Samplers, registered in mmseg's ``DATA_SAMPLERS``."""

from .class_aware_sampler import ClassAwareSampler
from .repeat_factor_sampler import RepeatFactorSampler

__all__ = ['ClassAwareSampler', 'RepeatFactorSampler']
