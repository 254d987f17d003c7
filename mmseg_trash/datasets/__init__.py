"""Data sets and samplers; importing this package registers them."""

from .samplers import ClassAwareSampler, RepeatFactorSampler
from .trash_dataset import TrashDataset

__all__ = ['ClassAwareSampler', 'RepeatFactorSampler', 'TrashDataset']
