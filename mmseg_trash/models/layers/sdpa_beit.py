"""BEiT's layer with fused attention, for any grid of patches."""

from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models.backbones.beit import BEiTAttention, BEiTTransformerEncoderLayer
from torch import Tensor

from ...convert.position_bias import resize_table, square_grid
from .full_precision import full_precision

Grid = tuple[int, int]


def spread_table(table: Tensor, grid: Grid) -> Tensor:
    """Lay out a table of relative position biases for all pairs of tokens.

    Args:
        table: ((2h - 1) * (2w - 1) + 3, heads): biases by offset of the patches, then
            of class token to patch, patch to class token, class token to itself.
        grid: (h, w) in patches.

    Returns:
        (heads, 1 + h * w, 1 + h * w), queries first, the class token first in both.
    """
    h, w = grid
    maps = table[:-3].t().reshape(-1, 2 * h - 1, 2 * w - 1)
    # [i, j, k, l] is the bias of the offset (i - k, j - l).
    pairs = maps.unfold(1, h, 1).unfold(2, w, 1).flip(3, 4)
    bias = F.pad(pairs.reshape(len(maps), h * w, h * w), (1, 0, 1, 0))
    bias[:, 0, 1:] = table[-3, :, None]
    bias[:, 1:, 0] = table[-2, :, None]
    bias[:, 0, 0] = table[-1]
    return bias


class SDPABEiTAttention(BEiTAttention):
    """Attention of BEiT by ``F.scaled_dot_product_attention``.

    Differs from the parent in that the bias is made for the grid at hand, without a
    stored index of all pairs, and goes into the fused kernel as its mask. Checkpoints
    of the parent load; a table of another, square grid is resized.
    """

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """Attend between all tokens.

        Args:
            x: Tokens, (B, 1 + h * w, C).
            grid: (h, w) in patches.

        Returns:
            Tokens, (B, 1 + h * w, C).
        """
        qkv = F.linear(x, self.qkv.weight, self._qkv_bias())
        q, k, v = (
            qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        )
        bias = self.position_bias(grid)
        if bias.requires_grad and bias.device.type == 'cpu':
            # The CPU's fused kernel gives no gradient to a mask.
            weights = (self.scale * q @ k.mT + bias).softmax(dim=-1)
            out = self.attn_drop(weights) @ v
        else:
            out = F.scaled_dot_product_attention(
                q,
                k,
                v,
                attn_mask=bias.to(q.dtype),
                dropout_p=self.attn_drop.p if self.training else 0.0,
                scale=self.scale,
            )
        return self.proj_drop(self.proj(out.transpose(1, 2).flatten(2)))

    def position_bias(self, grid: Grid) -> Tensor:
        """Return the bias of all pairs of tokens, (1, heads, 1 + h * w, 1 + h * w)."""
        table = self.relative_position_bias_table
        with full_precision(table):
            table = resize_table(table, self.window_size, grid)
        return spread_table(table, grid)[None]

    def _qkv_bias(self) -> Tensor | None:
        if self.bias == 'qv_bias':
            return torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        return self.qkv.bias

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any
    ) -> None:
        state_dict.pop(f'{prefix}relative_position_index', None)
        key = f'{prefix}relative_position_bias_table'
        table = state_dict.get(key)
        if table is not None and len(table) != len(self.relative_position_bias_table):
            state_dict[key] = resize_table(
                table, square_grid(len(table)), self.window_size
            )
        super()._load_from_state_dict(state_dict, prefix, *args)


class SDPABEiTLayer(BEiTTransformerEncoderLayer):
    """BEiT's layer, which passes the grid of the patches on to its attention."""

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """Compute one layer.

        Args:
            x: Tokens, (B, 1 + h * w, C).
            grid: (h, w) in patches.

        Returns:
            Tokens, (B, 1 + h * w, C).
        """
        x = x + self.drop_path(self.gamma_1 * self.attn(self.norm1(x), grid))
        x = x + self.drop_path(self.gamma_2 * self.ffn(self.norm2(x)))
        return x
