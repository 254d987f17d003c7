"""Backbones, registered in mmseg's ``MODELS``."""

from .dinat import DiNAT
from .sdpa_beit import SDPABEiT
from .sdpa_mix_vision_transformer import SDPAMixVisionTransformer
from .sdpa_swin_transformer import SDPASwinTransformer
from .sdpa_vision_transformer import SDPAVisionTransformer
from .se_mask_swin_transformer import SeMaskSwinTransformer
from .smp_encoder import SMPEncoder
from .trimmed_efficient_net import TrimmedEfficientNet

__all__ = [
    'DiNAT',
    'SDPABEiT',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
    'SDPAVisionTransformer',
    'SMPEncoder',
    'SeMaskSwinTransformer',
    'TrimmedEfficientNet',
]
