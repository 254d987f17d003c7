"""Backbones, decode heads and segmentors, registered in mmseg's ``MODELS``."""

from .backbones import (
    DiNAT,
    SDPABEiT,
    SDPAMixVisionTransformer,
    SDPASwinTransformer,
    SDPAVisionTransformer,
    SeMaskSwinTransformer,
)
from .decode_heads import (
    ATMHead,
    ClassMapHead,
    HFMask2FormerHead,
    MaskDINOHead,
    SegformerMLPHead,
)
from .necks import FaPN, PixelFANDecoder, QueryUpsampling
from .segmentors import ProbsTTAModel

__all__ = [
    'ATMHead',
    'ClassMapHead',
    'DiNAT',
    'FaPN',
    'HFMask2FormerHead',
    'MaskDINOHead',
    'PixelFANDecoder',
    'ProbsTTAModel',
    'QueryUpsampling',
    'SDPABEiT',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
    'SDPAVisionTransformer',
    'SeMaskSwinTransformer',
    'SegformerMLPHead',
]
