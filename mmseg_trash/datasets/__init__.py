"""Data sets and samplers; importing this package registers them."""

from .pseudo_labelled_dataset import PseudoLabelledDataset
from .samplers import ClassAwareSampler, RepeatFactorSampler
from .trash_dataset import TrashDataset

__all__ = [
    'ClassAwareSampler',
    'PseudoLabelledDataset',
    'RepeatFactorSampler',
    'TrashDataset',
]
