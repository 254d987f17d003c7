"""Attention of SegFormer's encoder without the attention matrix."""

import torch
import torch.nn.functional as F
from mmseg.models.backbones.mit import EfficientMultiheadAttention
from mmseg.models.utils import nchw_to_nlc, nlc_to_nchw
from torch import Tensor


class SDPAEfficientAttention(EfficientMultiheadAttention):
    """Sequence-reduced attention by ``F.scaled_dot_product_attention``.

    The parent asks ``nn.MultiheadAttention`` for weights that nobody reads, and so
    makes, averages and keeps an N x N / sr^2 matrix per head. Parameters and results
    are the parent's (SegFormer, Xie et al. 2021, arXiv:2105.15203, eq. 1 and 2).
    """

    def forward(
        self, x: Tensor, hw_shape: tuple[int, int], identity: Tensor | None = None
    ) -> Tensor:
        """Attend and add the shortcut.

        Args:
            x: Tokens, (B, H * W, C); with ``batch_first=False`` the first two axes are
                exchanged, as in the parent.
            hw_shape: Height and width of the token grid.
            identity: What the result is added to; ``x`` if None.

        Returns:
            Tokens in the shape of ``x``.
        """
        identity = x if identity is None else identity
        if self.sr_ratio > 1:
            reduced = nchw_to_nlc(self.sr(nlc_to_nchw(x, hw_shape)))
            q, kv = self._project(x, self.norm(reduced))
        else:
            q, kv = self._project(x, x)
        if not self.batch_first:
            q, kv = q.transpose(0, 1), kv.transpose(0, 1)
        q, k, v = (self._split_heads(t) for t in (q, *kv.chunk(2, dim=-1)))
        dropout = self.attn.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
        out = self.attn.out_proj(out.transpose(1, 2).flatten(2))
        if not self.batch_first:
            out = out.transpose(0, 1)
        return identity + self.dropout_layer(self.proj_drop(out))

    def _project(self, query: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return queries (..., C), and keys and values beside each other (..., 2C)."""
        weight, bias = self.attn.in_proj_weight, self.attn.in_proj_bias
        parts = [self.embed_dims, 2 * self.embed_dims]
        if query is context:
            q, kv = torch.split(F.linear(query, weight, bias), parts, dim=-1)
            return q, kv
        weight_q, weight_kv = weight.split(parts)
        bias_q, bias_kv = (None, None) if bias is None else bias.split(parts)
        return F.linear(query, weight_q, bias_q), F.linear(context, weight_kv, bias_kv)

    def _split_heads(self, tokens: Tensor) -> Tensor:
        """Turn (B, N, C) into (B, heads, N, C / heads)."""
        return tokens.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
