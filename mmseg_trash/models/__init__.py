"""Backbones, decode heads and segmentors, registered in mmseg's ``MODELS``."""

from .backbones import DiNAT, SDPAMixVisionTransformer, SDPASwinTransformer
from .decode_heads import HFMask2FormerHead
from .segmentors import ProbsTTAModel

__all__ = [
    'DiNAT',
    'HFMask2FormerHead',
    'ProbsTTAModel',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
]
