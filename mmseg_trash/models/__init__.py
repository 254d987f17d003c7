"""Backbones, decode heads and segmentors, registered in mmseg's ``MODELS``."""

from .backbones import (
    DiNAT,
    SDPAMixVisionTransformer,
    SDPASwinTransformer,
    SDPAVisionTransformer,
)
from .decode_heads import ATMHead, HFMask2FormerHead, MaskDINOHead
from .necks import QueryUpsampling
from .segmentors import ProbsTTAModel

__all__ = [
    'ATMHead',
    'DiNAT',
    'HFMask2FormerHead',
    'MaskDINOHead',
    'ProbsTTAModel',
    'QueryUpsampling',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
    'SDPAVisionTransformer',
]
