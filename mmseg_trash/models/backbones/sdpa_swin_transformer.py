"""Swin with fused attention."""

from typing import Any

from mmseg.models.backbones.swin import SwinTransformer as _SwinTransformer
from mmseg.models.backbones.swin import WindowMSA
from mmseg.registry import MODELS

from ..layers import SDPAWindowAttention, adopt


@MODELS.register_module()
class SDPASwinTransformer(_SwinTransformer):
    """Swin Transformer (Liu et al. 2021, arXiv:2103.14030).

    Differs from the parent in its attention alone, which goes through
    ``F.scaled_dot_product_attention``; checkpoints of the parent load, and the other
    way round. ``eval()`` and ``train()`` return the module, which the parent forgets.

    Args:
        **kwargs: The parent's arguments.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        adopt(self, WindowMSA, SDPAWindowAttention)

    def train(self, mode: bool = True) -> 'SDPASwinTransformer':
        """Set the mode, keep frozen stages frozen, and return the module itself."""
        super().train(mode)
        return self
