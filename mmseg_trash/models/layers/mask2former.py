"""Mask2Former's modules as transformers has them, with faster attention.

This file imports transformers; import it inside a constructor only.
"""

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import Mask2FormerConfig
from transformers.models.mask2former import modeling_mask2former as hf

from .adopt import adopt
from .deformable_attention import deformable_attention
from .mask_losses import mean_count
from .ms_deform_attn import init_deformable_attention

_DeformableAttention = hf.Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention


class PixelDecoderAttention(_DeformableAttention):
    """Deformable self-attention of the pixel decoder.

    Differs from the parent in the sampling step, see :func:`deformable_attention`, and
    in that it knows no padded tokens. Parameters and results are the parent's.
    """

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_attention_mask: Tensor | None = None,
        position_embeddings: Tensor | None = None,
        reference_points: Tensor | None = None,
        spatial_shapes_list: list[tuple[int, int]] | None = None,
        level_start_index: Tensor | None = None,
        output_attentions: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Attend from every token to samples around its place on every map.

        Args:
            hidden_states: Queries, (B, N, C).
            encoder_hidden_states: Values, (B, N, C).
            position_embeddings: What the queries get added, (B, N, C).
            reference_points: (x, y) from 0 to 1, (B, N, levels, 2).
            spatial_shapes_list: Height and width of each level.
            attention_mask, encoder_attention_mask, level_start_index,
                output_attentions: The parent's, not needed here.

        Returns:
            The tokens, (B, N, C), and the weights, (B, N, heads, levels, points).
        """
        assert encoder_hidden_states is not None and spatial_shapes_list is not None
        assert reference_points is not None
        queries = self.with_pos_embed(hidden_states, position_embeddings)
        layout = (self.n_heads, self.n_levels, self.n_points)
        value = self.value_proj(encoder_hidden_states).unflatten(-1, (self.n_heads, -1))
        offsets = self.sampling_offsets(queries).unflatten(-1, (*layout, 2))
        weights = self.attention_weights(queries).unflatten(-1, (self.n_heads, -1))
        weights = weights.softmax(-1).unflatten(-1, layout[1:])
        sizes = [[width, height] for height, width in spatial_shapes_list]
        scale = torch.tensor(sizes, dtype=offsets.dtype).to(offsets.device)
        places = reference_points[:, :, None, :, None] + offsets / scale[:, None]
        out = deformable_attention(value, spatial_shapes_list, places, weights)
        return self.output_proj(out), weights


class DeformablePixelDecoder(hf.Mask2FormerPixelDecoder):
    """Mask2Former's pixel decoder (Cheng et al. 2022, arXiv:2112.01527, section 3.2.1).

    Args:
        config: transformers' configuration of Mask2Former.
        in_channels: Channels of the maps at strides 4, 8, 16 and 32.
    """

    def __init__(self, config: Mask2FormerConfig, in_channels: list[int]) -> None:
        super().__init__(config, in_channels)
        # The parent's constructor ignores torch.device contexts.
        self.level_embed = nn.Parameter(torch.empty(*self.level_embed.shape))
        adopt(self, _DeformableAttention, PixelDecoderAttention)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters as the authors' code does (transformers' do not)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for projection in self.input_projections:
            convolution = cast(nn.Conv2d, cast(nn.Sequential, projection)[0])
            nn.init.xavier_uniform_(convolution.weight)
        nn.init.normal_(self.level_embed)
        for layer in self.encoder.layers:
            for parameter in layer.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)
            attention: Any = layer.self_attn
            init_deformable_attention(
                attention, attention.n_heads, attention.n_levels, attention.n_points
            )

    def forward(  # type: ignore[override]
        self, features: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Refine a backbone's maps.

        Args:
            features: Maps at strides 4, 8, 16 and 32, float32 NCHW.

        Returns:
            The map that masks are made from, (B, mask channels, H / 4, W / 4), and the
            maps at strides 32, 16 and 8 for the transformer decoder.
        """
        out = super().forward(list(features))
        return out.mask_features, list(out.multi_scale_features)


def _without_weights(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, {**kwargs, 'need_weights': False}


def build_transformer(config: Mask2FormerConfig) -> nn.Module:
    """Build the transformer decoder (section 3.2.2), with the authors' first weights.

    The masked attention goes through ``F.scaled_dot_product_attention``; transformers
    asks for its weights, which nobody reads.
    """
    module: Any = hf.Mask2FormerTransformerModule(config.feature_size, config)
    for layer in module.decoder.layers:
        cross, own = layer.cross_attn, layer.self_attn
        for parameter in layer.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        # The authors keep the three projections in one matrix, three times as high.
        for linear in (own.q_proj, own.k_proj, own.v_proj):
            nn.init.xavier_uniform_(linear.weight, gain=math.sqrt(0.5))
            nn.init.zeros_(linear.bias)
        nn.init.zeros_(own.out_proj.bias)
        cross.register_forward_pre_hook(_without_weights, with_kwargs=True)
    return cast(nn.Module, module)


def mean_num_masks(class_labels: list[Tensor], device: torch.device) -> Tensor:
    """Return how many masks a process has on average, at least 1."""
    return mean_count(sum(len(labels) for labels in class_labels), device)


def build_criterion(config: Mask2FormerConfig) -> nn.Module:
    """Build the Hungarian matcher and the losses (section 3.2.3 and appendix).

    Differs from transformers' in two things: processes average their numbers of masks
    by mmengine's means, and the class weights are no part of the state dict.
    """
    criterion: Any = hf.Mask2FormerLoss(config, weight_dict={})
    weight = criterion.empty_weight
    criterion.register_buffer('empty_weight', weight, persistent=False)
    criterion.get_num_masks = mean_num_masks
    return cast(nn.Module, criterion)
