"""Decode heads, registered in mmseg's ``MODELS``."""

from .hf_mask2_former_head import HFMask2FormerHead

__all__ = ['HFMask2FormerHead']
