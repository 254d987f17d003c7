"""Attention of Swin's windows by the fused kernel."""

import torch.nn.functional as F
from mmseg.models.backbones.swin import WindowMSA
from torch import Tensor


class SDPAWindowAttention(WindowMSA):
    """Window attention by ``F.scaled_dot_product_attention``.

    The parent multiplies, adds, softmaxes and multiplies by hand. Here the relative
    position bias and the mask of shifted windows are one additive ``attn_mask``.
    Parameters and results are the parent's (Swin, Liu et al. 2021, arXiv:2103.14030,
    eq. 4).
    """

    # exp(-100), the parent's masked weight, is a denormal number, on which CPUs are
    # several times slower; exp(-1000) is zero.
    mask_gain = 10.0

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend inside every window.

        Args:
            x: Tokens of all windows, (B * windows, N, C), the images outermost.
            mask: What shifted windows add to their logits, (windows, N, N); 0 or -100.

        Returns:
            Tokens, (B * windows, N, C).
        """
        total, tokens, channels = x.shape
        qkv = self.qkv(x).view(total, tokens, 3, self.num_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = self._position_bias()
        if mask is not None:
            bias = bias + self.mask_gain * mask.unsqueeze(1)
        if bias.requires_grad and bias.device.type == 'cpu':
            # The CPU's fused kernel gives no gradient to a mask, and what PyTorch falls
            # back to is slower than this.
            out = self._attend_by_hand(q, k, v, bias)
        else:
            if mask is not None:
                bias = bias.repeat(total // len(bias), 1, 1, 1)
            out = F.scaled_dot_product_attention(
                q,
                k,
                v,
                attn_mask=bias.to(q.dtype),
                dropout_p=self.attn_drop.p if self.training else 0.0,
                scale=self.scale,
            )
        out = out.transpose(1, 2).reshape(total, tokens, channels)
        return self.proj_drop(self.proj(out))

    def _position_bias(self) -> Tensor:
        """Return the relative position bias, (1, heads, N, N)."""
        size = self.relative_position_index.shape
        table = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        return table.view(*size, -1).permute(2, 0, 1).unsqueeze(0)

    def _attend_by_hand(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """Attend; (B * windows, heads, N, d) each, bias (1 or windows, heads, N, N)."""
        logits = (self.scale * q) @ k.transpose(-2, -1)
        logits = (logits.unflatten(0, (-1, len(bias))) + bias).flatten(0, 1)
        return self.attn_drop(logits.softmax(dim=-1)) @ v
