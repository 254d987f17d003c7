"""Multi-scale deformable attention with its linear maps."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .deformable_attention import deformable_attention


def init_deformable_attention(
    attention: Any, heads: int, levels: int, points: int
) -> None:
    """Start deformable attention as its authors do (Zhu et al. 2021, A.4).

    Head m looks along direction m, point p at distance p + 1.

    Args:
        attention: With the layers ``sampling_offsets``, ``attention_weights``,
            ``value_proj`` and ``output_proj``.
        heads: Number of heads.
        levels: Number of maps.
        points: Number of points per head and map.
    """
    angle = torch.arange(heads, device='cpu') * (2 * math.pi / heads)
    direction = torch.stack((angle.cos(), angle.sin()), dim=-1)
    direction = direction / direction.abs().amax(-1, keepdim=True)
    distance = torch.arange(1, points + 1, device='cpu').view(-1, 1)
    offsets = (direction[:, None, None] * distance).expand(-1, levels, -1, -1)
    for layer in (attention.sampling_offsets, attention.attention_weights):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    for layer in (attention.value_proj, attention.output_proj):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        attention.sampling_offsets.bias.copy_(offsets.flatten())


class MSDeformAttn(nn.Module):
    """Multi-scale deformable attention, without residual connection.

    Deformable DETR (Zhu et al. 2021, arXiv:2010.04159, sec. 4.1; boxes as references:
    sec. A.4). Samples through :func:`deformable_attention`.

    Parameters are named as in Deformable DETR's and Mask2Former's own code.

    Args:
        embed_dims: Channels.
        num_levels: Maps.
        num_heads: Heads; divides ``embed_dims``.
        num_points: Samples per head and map.

    Raises:
        ValueError: ``embed_dims`` is no multiple of ``num_heads``.
    """

    def __init__(
        self,
        embed_dims: int = 256,
        num_levels: int = 3,
        num_heads: int = 8,
        num_points: int = 4,
    ) -> None:
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(
                f'embed_dims {embed_dims} is no multiple of num_heads {num_heads}'
            )
        self.num_levels = num_levels
        self.num_heads = num_heads
        self.num_points = num_points
        samples = num_heads * num_levels * num_points
        self.sampling_offsets = nn.Linear(embed_dims, 2 * samples)
        self.attention_weights = nn.Linear(embed_dims, samples)
        self.value_proj = nn.Linear(embed_dims, embed_dims)
        self.output_proj = nn.Linear(embed_dims, embed_dims)
        self.init_weights()

    def init_weights(self) -> None:
        """Let every head look in a direction of its own at first."""
        init_deformable_attention(
            self, self.num_heads, self.num_levels, self.num_points
        )

    def forward(
        self,
        query: Tensor,
        reference_points: Tensor,
        value: Tensor,
        spatial_shapes: Sequence[tuple[int, int]],
        padding: Tensor | None = None,
    ) -> Tensor:
        """Attend.

        Args:
            query: (B, Q, C), with its position added.
            reference_points: (B, Q, levels, 2), x and y in 0 ... 1, or (B, Q, levels,
                4), boxes as centre, width and height.
            value: (B, sum of H * W, C), without positions.
            spatial_shapes: (H, W) of every map.
            padding: bool (B, sum of H * W), True where there is no image.

        Returns:
            (B, Q, C).

        Raises:
            ValueError: ``reference_points`` have neither 2 nor 4 numbers, or the maps
                do not make up ``value``.
        """
        tokens = sum(height * width for height, width in spatial_shapes)
        if tokens != value.shape[1]:
            raise ValueError(
                f'maps {list(spatial_shapes)} do not make up {value.shape[1]} tokens'
            )
        value = self.value_proj(value)
        if padding is not None:
            value = value.masked_fill(padding[..., None], 0.0)
        value = value.unflatten(-1, (self.num_heads, -1))
        grid = (self.num_heads, self.num_levels, self.num_points)
        offsets = self.sampling_offsets(query).unflatten(-1, (*grid, 2))
        weights = self.attention_weights(query).unflatten(-1, (self.num_heads, -1))
        weights = weights.softmax(-1).unflatten(-1, grid[1:])
        points = reference_points[:, :, None, :, None]
        if points.shape[-1] == 2:
            sizes = points.new_tensor([(w, h) for h, w in spatial_shapes])
            locations = points + offsets / sizes[:, None]
        elif points.shape[-1] == 4:
            reach = points[..., 2:] * (0.5 / self.num_points)
            locations = points[..., :2] + offsets * reach
        else:
            raise ValueError(
                f'reference_points need 2 or 4 numbers, not {points.shape[-1]}'
            )
        out = deformable_attention(value, spatial_shapes, locations, weights)
        return self.output_proj(out)
