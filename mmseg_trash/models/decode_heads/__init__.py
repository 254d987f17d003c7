"""Decode heads, registered in mmseg's ``MODELS``."""

from .atm_head import ATMHead
from .class_map_head import ClassMapHead
from .hf_mask2_former_head import HFMask2FormerHead
from .mask_dino_head import MaskDINOHead
from .segformer_mlp_head import SegformerMLPHead

__all__ = [
    'ATMHead',
    'ClassMapHead',
    'HFMask2FormerHead',
    'MaskDINOHead',
    'SegformerMLPHead',
]
