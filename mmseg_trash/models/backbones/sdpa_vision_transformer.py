"""Plain vision transformer with fused attention, which may shrink on its way."""

from collections.abc import Sequence
from typing import Any

import torch
from mmcv.cnn.bricks.transformer import MultiheadAttention
from mmseg.models.backbones.vit import TransformerEncoderLayer
from mmseg.models.backbones.vit import VisionTransformer as _VisionTransformer
from mmseg.registry import MODELS
from torch import Tensor, nn


def _without_weights(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, {**kwargs, 'need_weights': False}


@MODELS.register_module()
class SDPAVisionTransformer(_VisionTransformer):
    """Vision Transformer (Dosovitskiy et al. 2021, arXiv:2010.11929).

    Differs from the parent in three things: its attention goes through
    ``F.scaled_dot_product_attention``; positions are interpolated for every other shape
    of the image, not only for another number of patches; and with ``shrink_at`` one
    layer halves height and width, SegViT's query-based downsampling (Zhang et al. 2022,
    arXiv:2210.05844, section 3.2): its queries are every second token of every second
    row, its keys and values are all tokens. There are no further parameters, so that
    checkpoints of the parent load.

    Args:
        shrink_at: Number of the layer that shrinks, from 0; None for none.
        **kwargs: The parent's arguments.

    Raises:
        ValueError: There is no such layer, or the network has what shrinking does not
            know: a class token, or the output of the embedding.
    """

    def __init__(self, shrink_at: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for module in self.modules():
            if isinstance(module, MultiheadAttention):
                module.attn.register_forward_pre_hook(
                    _without_weights, with_kwargs=True
                )
        if shrink_at is not None:
            if not 0 <= shrink_at < len(self.layers):
                raise ValueError(
                    f'shrink_at must be 0 to {len(self.layers) - 1}, got {shrink_at}'
                )
            if self.with_cls_token or self.out_origin:
                raise ValueError(
                    'shrink_at needs with_cls_token=False and out_origin=False, got '
                    f'{self.with_cls_token} and {self.out_origin}'
                )
        self.shrink_at = shrink_at

    def train(self, mode: bool = True) -> 'SDPAVisionTransformer':
        """Set the mode and return the module itself, which the parent forgets."""
        super().train(mode)
        return self

    def _pos_embeding(
        self, patched_img: Tensor, hw_shape: Sequence[int], pos_embed: Tensor
    ) -> Tensor:
        """Add the positions; the parent takes 4 x 9 patches for 6 x 6."""
        grid = (
            self.img_size[0] // self.patch_size,
            self.img_size[1] // self.patch_size,
        )
        if tuple(hw_shape) != grid:
            pos_embed = self.resize_pos_embed(
                pos_embed, tuple(hw_shape), grid, self.interpolate_mode
            )
        embedded: Tensor = self.drop_after_pos(patched_img + pos_embed)
        return embedded

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the chosen layers' maps.

        Args:
            inputs: Images, (B, 3, H, W).

        Returns:
            Maps, (B, C, H / patch, W / patch); from the shrinking layer on, of half the
            height and width, rounded up.
        """
        if self.shrink_at is None:
            outs: tuple[Tensor, ...] = super().forward(inputs)
            return outs
        x, size = self.patch_embed(inputs)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1)
        x = self._pos_embeding(x, size, self.pos_embed)[:, 1:]
        if self.pre_norm:
            x = self.pre_ln(x)
        maps = []
        for i, layer in enumerate(self.layers):
            if i == self.shrink_at:
                x, size = shrink(layer, x, size)
            else:
                x = layer(x)
            if i == len(self.layers) - 1 and self.final_norm:
                x = self.norm1(x)
            if i in self.out_indices:
                maps.append(x.transpose(1, 2).unflatten(-1, size).contiguous())
        return tuple(maps)


def shrink(
    layer: TransformerEncoderLayer, x: Tensor, size: Sequence[int]
) -> tuple[Tensor, tuple[int, int]]:
    """Run an encoder's layer for every second token of every second row.

    Args:
        layer: The layer.
        x: Tokens, (B, h * w, C).
        size: (h, w).

    Returns:
        The tokens, (B, h' * w', C), and (h', w'), the halves rounded up.
    """

    def sampled(tokens: Tensor) -> Tensor:
        return tokens.unflatten(1, tuple(size))[:, ::2, ::2].flatten(1, 2)

    normed = layer.norm1(x)
    x = layer.attn(sampled(normed), normed, normed, identity=sampled(x))
    x = layer.ffn(layer.norm2(x), identity=x)
    return x, ((size[0] + 1) // 2, (size[1] + 1) // 2)
