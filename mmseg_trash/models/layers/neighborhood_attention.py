"""Dilated neighbourhood attention with relative position bias, without a compiler."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .neighborhood_tiles import map_tiles, window_starts


def neighborhood_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kernel_size: int,
    dilation: int = 1,
    rpb: Tensor | None = None,
    scale: float | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """Let every token attend to its K x K neighbours of the same dilation group.

    Neighborhood Attention (Hassani et al. 2023, arXiv:2204.07143, eq. 1-3), dilated
    (Hassani & Shi 2022, arXiv:2209.15001, sec. 3.1). Exact at borders, where windows
    are shifted, so that every token has K * K neighbours.

    Tiles of queries attend to the keys that any of them sees through the fused kernel,
    with an additive bias that shuts out who is no neighbour. Tiles that share a pattern
    of neighbours are one batch: a plain map has nine patterns, whatever its size.

    Args:
        q: Queries, (B, H, W, heads, D), float16, bfloat16, float32 or float64.
        k: Keys, like ``q``.
        v: Values, like ``q``.
        kernel_size: K, odd.
        dilation: Distance of two neighbours in tokens.
        rpb: Relative position biases, (heads, 2K - 1, 2K - 1), row-major.
        scale: Factor of the logits; 1 / sqrt(D) by default.
        dropout: Share of attention weights to drop.

    Returns:
        (B, H, W, heads, D).

    Raises:
        ValueError: The map is smaller than ``kernel_size * dilation``, or ``rpb`` has
            another shape.
    """
    batch, height, width, heads, channels = q.shape
    span = 2 * kernel_size - 1
    if rpb is not None and rpb.shape != (heads, span, span):
        raise ValueError(
            f'rpb has to be {(heads, span, span)} for {heads} heads and kernel_size '
            f'{kernel_size}, not {tuple(rpb.shape)}'
        )
    tiles = map_tiles(height, width, kernel_size, dilation, q.device)
    flat = q.new_zeros(heads, span * span) if rpb is None else rpb.flatten(1)
    # The lowest finite number: -inf less -inf would be NaN inside some kernels.
    lowest = torch.finfo(q.dtype).min
    table = F.pad(flat.to(q.dtype), (0, 1), value=lowest)
    patterns, queries, keys = tiles.bias.shape
    bias = table.index_select(1, tiles.bias.flatten())
    bias = bias.view(heads, patterns, queries, keys)
    q, k, v = (x.flatten(1, 2) for x in (q, k, v))

    outs = []
    for pattern, (query, key) in enumerate(zip(tiles.query, tiles.key)):
        out = F.scaled_dot_product_attention(
            _gathered(q, query, queries),
            _gathered(k, key, keys),
            _gathered(v, key, keys),
            attn_mask=bias[None, :, pattern],
            dropout_p=dropout,
            scale=scale,
        )
        outs.append(out.transpose(1, 2).reshape(batch, -1, heads, channels))
    out = torch.cat(outs, dim=1).index_select(1, tiles.slot)
    return out.view(batch, height, width, heads, channels)


def _gathered(x: Tensor, index: Tensor, tokens: int) -> Tensor:
    """Pick tokens: (B, H * W, heads, D) to (B * tiles, heads, tokens, D)."""
    rows = x.index_select(1, index)
    return rows.view(-1, tokens, *x.shape[2:]).transpose(1, 2)


def gathered_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kernel_size: int,
    dilation: int = 1,
    rpb: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Compute :func:`neighborhood_attention` by its definition.

    Keys and values are copied K * K times; for tests and small maps alone.
    """
    batch, height, width, heads, channels = q.shape
    steps = torch.arange(kernel_size)
    index, relative = [], []
    for length in (height, width):
        start = torch.from_numpy(window_starts(length, kernel_size, dilation))
        token = torch.arange(length)
        inside = start[:, None] + steps
        index.append(inside * dilation + token[:, None] % dilation)
        relative.append(inside - token[:, None] // dilation + kernel_size - 1)
    tokens = index[0][:, None, :, None] * width + index[1][None, :, None, :]
    shape = (batch, height, width, kernel_size**2, heads, channels)
    tokens = tokens.flatten().to(q.device)
    k, v = (x.flatten(1, 2).index_select(1, tokens).view(shape) for x in (k, v))
    scale = channels**-0.5 if scale is None else scale
    logits = torch.einsum('bhwnd,bhwknd->bnhwk', q * scale, k)
    if rpb is not None:
        rows, columns = (r.to(rpb.device) for r in relative)
        bias = rpb[:, rows[:, None, :, None], columns[None, :, None, :]]
        logits = logits + bias.flatten(-2)
    return torch.einsum('bnhwk,bhwknd->bhwnd', logits.softmax(-1), v)


class NeighborhoodAttention(nn.Module):
    """Multi-head dilated neighbourhood attention over a channels-last map.

    Parameters are named as in NATTEN's ``NeighborhoodAttention2D`` up to 0.17, whose
    relative position bias later releases dropped. Maps smaller than ``kernel_size *
    dilation`` are padded with zeros at the right and the bottom before the projection,
    as there: the padding is attended to, with the projection's bias as key and value.

    Args:
        dim: Channels.
        num_heads: Heads; divides ``dim``.
        kernel_size: K, odd.
        dilation: Distance of two neighbours.
        qkv_bias: Give the projection a bias.
        qk_scale: Factor of the logits; 1 / sqrt(dim / num_heads) by default.
        attn_drop: Dropout of attention weights.
        proj_drop: Dropout of the output.

    Raises:
        ValueError: ``dim`` is no multiple of ``num_heads``, or the window is
            impossible.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        kernel_size: int = 7,
        dilation: int = 1,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f'dim {dim} is no multiple of num_heads {num_heads}')
        window_starts(kernel_size * dilation, kernel_size, dilation)
        self.num_heads = num_heads
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.scale = qk_scale
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        span = 2 * kernel_size - 1
        self.rpb = nn.Parameter(torch.zeros(num_heads, span, span))
        nn.init.trunc_normal_(self.rpb, std=0.02)
        self.attn_drop = attn_drop
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x: Tensor) -> Tensor:
        """Attend.

        Args:
            x: (B, H, W, dim).

        Returns:
            (B, H, W, dim).
        """
        _, height, width, _ = x.shape
        least = self.kernel_size * self.dilation
        if height < least or width < least:
            x = F.pad(x, (0, 0, 0, max(least - width, 0), 0, max(least - height, 0)))
        qkv = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))
        q, k, v = qkv.unbind(-3)
        out = neighborhood_attention(
            q,
            k,
            v,
            self.kernel_size,
            self.dilation,
            self.rpb,
            self.scale,
            self.attn_drop if self.training else 0.0,
        )
        out = out[:, :height, :width].flatten(-2)
        return self.proj_drop(self.proj(out))

    def extra_repr(self) -> str:
        """Return what the sub-modules do not show."""
        return f'kernel_size={self.kernel_size}, dilation={self.dilation}'
