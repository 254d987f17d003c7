"""Backbones, registered in mmseg's ``MODELS``."""

from .sdpa_mix_vision_transformer import SDPAMixVisionTransformer
from .sdpa_swin_transformer import SDPASwinTransformer

__all__ = ['SDPAMixVisionTransformer', 'SDPASwinTransformer']
