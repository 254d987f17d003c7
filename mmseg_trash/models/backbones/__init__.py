"""Backbones, registered in mmseg's ``MODELS``."""

from .dinat import DiNAT
from .dinov2 import DINOv2
from .dinov3 import DINOv3
from .sdpa_beit import SDPABEiT
from .sdpa_mix_vision_transformer import SDPAMixVisionTransformer
from .sdpa_swin_transformer import SDPASwinTransformer
from .sdpa_vision_transformer import SDPAVisionTransformer
from .se_mask_swin_transformer import SeMaskSwinTransformer
from .smp_encoder import SMPEncoder
from .trimmed_efficient_net import TrimmedEfficientNet

__all__ = [
    'DINOv2',
    'DINOv3',
    'DiNAT',
    'SDPABEiT',
    'SDPAMixVisionTransformer',
    'SDPASwinTransformer',
    'SDPAVisionTransformer',
    'SMPEncoder',
    'SeMaskSwinTransformer',
    'TrimmedEfficientNet',
]
