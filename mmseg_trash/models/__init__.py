"""Preprocessors, backbones, heads and segmentors, registered in mmseg's ``MODELS``."""

from .backbones import (
    DiNAT,
    DINOv2,
    DINOv3,
    SDPABEiT,
    SDPAMixVisionTransformer,
    SDPASwinTransformer,
    SDPAVisionTransformer,
    SeMaskSwinTransformer,
    SMPEncoder,
    TrimmedEfficientNet,
)
from .data_preprocessors import BatchClassMix, BatchCutMix, MixDataPreProcessor
from .decode_heads import (
    ATMHead,
    BiFPNSegHead,
    ClassMapHead,
    EoMTHead,
    HFMask2FormerHead,
    KNetHead,
    LinearHead,
    MaskDINOHead,
    SegformerMLPHead,
    SMPHead,
    SteadyLightHamHead,
)
from .necks import BiFPN, FaPN, PixelFANDecoder, QueryUpsampling
from .segmentors import ProbsTTAModel

__all__ = [
    'ATMHead',
    'BatchClassMix',
    'BatchCutMix',
    'BiFPN',
    'BiFPNSegHead',
    'ClassMapHead',
    'DINOv2',
    'DINOv3',
    'DiNAT',
    'EoMTHead',
    'FaPN',
    'HFMask2FormerHead',
    'KNetHead',
    'LinearHead',
    'MaskDINOHead',
    'MixDataPreProcessor',
    'PixelFANDecoder',
    'ProbsTTAModel',
    'QueryUpsampling',
    'SDPABEiT',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
    'SDPAVisionTransformer',
    'SMPEncoder',
    'SMPHead',
    'SeMaskSwinTransformer',
    'SegformerMLPHead',
    'SteadyLightHamHead',
    'TrimmedEfficientNet',
]
