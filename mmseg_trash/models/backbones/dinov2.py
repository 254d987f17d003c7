"""DINOv2's vision transformer."""

from collections.abc import Sequence
from typing import Any

from mmseg.registry import MODELS

from ...convert import dinov2
from ..layers.dino_backbone import DINOBackbone


@MODELS.register_module()
class DINOv2(DINOBackbone):
    """Vision transformer of DINOv2 (Oquab et al. 2023, arXiv:2304.07193).

    The modules are those of transformers (Apache-2.0, as the authors' code and
    weights), with ``F.scaled_dot_product_attention``. Its table of positions is
    interpolated for every size of image. Any size of image works, see the parent.

    Args:
        embed_dims: Channels of the tokens.
        num_layers: Number of blocks.
        num_heads: Heads of the attentions.
        patch_size: Side of a patch in pixels. The published weights have 14; they are
            resampled to another side when they are read.
        img_size: Side of the square image that the table of positions fits as it is,
            518 with the published weights; resampled to another one likewise.
        num_registers: Register tokens (Darcet et al. 2024, arXiv:2309.16588), 4 in the
            weights that have them.
        mlp_ratio: Hidden channels of the MLPs over ``embed_dims``.
        layer_scale: First factor of the residual branches.
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
        patch_size: int = 14,
        img_size: int = 518,
        num_registers: int = 0,
        mlp_ratio: int = 4,
        layer_scale: float = 1.0,
        out_indices: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        try:
            import transformers as hf
        except ImportError as error:
            raise ImportError(
                'DINOv2 needs transformers: pip install "mmseg_trash[optional]"'
            ) from error
        common = dict(
            hidden_size=embed_dims,
            num_hidden_layers=num_layers,
            num_attention_heads=num_heads,
            mlp_ratio=mlp_ratio,
            patch_size=patch_size,
            image_size=img_size,
            layerscale_value=layer_scale,
            drop_path_rate=kwargs.get('drop_path_rate', 0.0),
            attn_implementation='sdpa',
        )
        vit: Any
        if num_registers:
            vit = hf.Dinov2WithRegistersModel(
                hf.Dinov2WithRegistersConfig(
                    num_register_tokens=num_registers, **common
                )
            )
        else:
            vit = hf.Dinov2Model(hf.Dinov2Config(use_mask_token=False, **common))
        super().__init__(
            vit.embeddings,
            vit.encoder.layer,
            vit.layernorm,
            patch_size=patch_size,
            prefix=1 + num_registers,
            convert=dinov2.convert,
            out_indices=[num_layers - 1] if out_indices is None else out_indices,
            **kwargs,
        )
