"""MiT with fused attention."""

from typing import Any

from mmseg.models.backbones.mit import EfficientMultiheadAttention
from mmseg.models.backbones.mit import MixVisionTransformer as _MixVisionTransformer
from mmseg.registry import MODELS

from ..layers import SDPAEfficientAttention, adopt


@MODELS.register_module()
class SDPAMixVisionTransformer(_MixVisionTransformer):
    """SegFormer's encoder (Xie et al. 2021, arXiv:2105.15203).

    Differs from the parent in its attention alone, which goes through
    ``F.scaled_dot_product_attention``; checkpoints of the parent load, and the other
    way round.

    Args:
        **kwargs: The parent's arguments.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        adopt(self, EfficientMultiheadAttention, SDPAEfficientAttention)
