"""Data preprocessors and what they do to batches on the device."""

from .batch_class_mix import BatchClassMix
from .batch_cut_mix import BatchCutMix
from .mix_data_pre_processor import MixDataPreProcessor

__all__ = ['BatchClassMix', 'BatchCutMix', 'MixDataPreProcessor']
