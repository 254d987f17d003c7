"""DINOv3's vision transformer."""

from collections.abc import Sequence
from typing import Any

from mmseg.registry import MODELS
from torch import Tensor

from ...convert import dinov3
from ..layers.dino_backbone import DINOBackbone


@MODELS.register_module()
class DINOv3(DINOBackbone):
    """Vision transformer of DINOv3 (Siméoni et al. 2025, arXiv:2508.10104).

    Positions are rotations of queries and keys, relative to the image's sides, so that
    there is no table to interpolate. The modules are those of transformers
    (Apache-2.0), with ``F.scaled_dot_product_attention``; the weights have a licence of
    their own and are given out on request. Any size of image works, see the parent.

    Args:
        embed_dims: Channels of the tokens.
        num_layers: Number of blocks.
        num_heads: Heads of the attentions.
        patch_size: Side of a patch in pixels.
        num_registers: Register tokens.
        mlp_ratio: Hidden channels of the MLPs over ``embed_dims``.
        layer_scale: First factor of the residual branches.
        rope_rescale: In training, scale all positions of a batch by a factor between
            1 / ``rope_rescale`` and ``rope_rescale``, as in pretraining; None does not.
        out_indices: Blocks after which maps are returned; None takes the last.
        **kwargs: The parent's: ``final_norm``, ``drop_path_rate``, ``frozen``,
            ``open_blocks``, ``with_cp`` and ``init_cfg``.

    Raises:
        ImportError: transformers is not installed.
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        embed_dims: int,
        num_layers: int,
        num_heads: int,
        patch_size: int = 16,
        num_registers: int = 4,
        mlp_ratio: int = 4,
        layer_scale: float = 1.0,
        rope_rescale: float | None = 2.0,
        out_indices: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        try:
            import transformers as hf
        except ImportError as error:
            raise ImportError(
                'DINOv3 needs transformers: pip install "mmseg_trash[optional]"'
            ) from error
        vit: Any = hf.DINOv3ViTModel(
            hf.DINOv3ViTConfig(
                hidden_size=embed_dims,
                intermediate_size=mlp_ratio * embed_dims,
                num_hidden_layers=num_layers,
                num_attention_heads=num_heads,
                patch_size=patch_size,
                num_register_tokens=num_registers,
                layerscale_value=layer_scale,
                drop_path_rate=kwargs.get('drop_path_rate', 0.0),
                pos_embed_rescale=rope_rescale,
                attn_implementation='sdpa',
            )
        )
        super().__init__(
            vit.embeddings,
            vit.layer,
            vit.norm,
            patch_size=patch_size,
            prefix=1 + num_registers,
            convert=dinov3.convert,
            out_indices=[num_layers - 1] if out_indices is None else out_indices,
            **kwargs,
        )
        self.rope_embeddings = vit.rope_embeddings

    def positions(self, x: Tensor) -> dict[str, Any]:
        """Return cosines and sines for the patches of an image."""
        rope: Any = self.rope_embeddings
        if x.is_meta:  # transformers asks for its autocast, which torch refuses
            patches = x[0, 0, :: self.patch_size, :: self.patch_size].numel()
            empty = x.new_empty(patches, rope.head_dim)
            return dict(position_embeddings=(empty, empty))
        return dict(position_embeddings=rope(x))
