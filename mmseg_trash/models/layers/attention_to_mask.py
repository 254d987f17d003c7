"""Attention whose similarities are masks."""

import torch.nn.functional as F
from torch import Tensor, nn


class AttentionToMask(nn.Module):
    """Cross-attention of class tokens to a map (SegViT, section 3.2, eq. 1 to 3).

    The similarity of a token with a place, S = q k^T / sqrt(d), is used twice: its
    softmax over the places collects values as in any attention, and S itself, the mean
    over the heads, is the logit of the token's mask there.

    Args:
        channels: Width of tokens and map.
        num_heads: Number of heads, each of width d = ``channels / num_heads``.
        dropout: Share of attention weights that are dropped in training.
    """

    def __init__(self, channels: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.scale = (channels // num_heads) ** -0.5
        self.q = nn.Linear(channels, channels)
        self.k = nn.Linear(channels, channels)
        self.v = nn.Linear(channels, channels)
        self.proj = nn.Linear(channels, channels)

    def forward(
        self, tokens: Tensor, places: Tensor, with_mask: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            tokens: (B, K, C).
            places: (B, N, C).
            with_mask: Give the masks too.

        Returns:
            New tokens, (B, K, C), and mask logits, (B, K, N).
        """
        q, k, v = self.q(tokens), self.k(places), self.v(places)
        mask = None
        if with_mask:
            # The heads' dot products add up to that of all channels.
            mask = q @ k.transpose(1, 2) * (self.scale / self.num_heads)
        q, k, v = (
            x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in (q, k, v)
        )
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
        out = self.proj(out.transpose(1, 2).flatten(2))
        return out, mask


class ATMLayer(nn.Module):
    """Layer of a transformer decoder with :class:`AttentionToMask`.

    Self-attention of the tokens, attention to the map, and a perceptron with ReLU; each
    is added to its input and normalised after that (Vaswani et al. 2017).

    Args:
        channels: Width of tokens and map; the perceptron is four times as wide.
        num_heads: Heads of both attentions.
        dropout: Dropout in training: attention weights, and what is added.
    """

    def __init__(self, channels: int, num_heads: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(
            channels, num_heads, dropout, batch_first=True
        )
        self.cross_attn = AttentionToMask(channels, num_heads, dropout)
        self.ffn = nn.Sequential(
            nn.Linear(channels, 4 * channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4 * channels, channels),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, tokens: Tensor, places: Tensor, with_mask: bool
    ) -> tuple[Tensor, Tensor | None]:
        """See :meth:`AttentionToMask.forward`."""
        new, _ = self.self_attn(tokens, tokens, tokens, need_weights=False)
        tokens = self.norms[0](tokens + self.dropout(new))
        new, mask = self.cross_attn(tokens, places, with_mask)
        tokens = self.norms[1](tokens + self.dropout(new))
        tokens = self.norms[2](tokens + self.dropout(self.ffn(tokens)))
        return tokens, mask


class ATMDecoder(nn.Module):
    """Layers over one map of the backbone, and the projection of that map.

    Args:
        in_channels: Channels of the map.
        channels: Width of the tokens.
        num_layers: Number of layers, at least 1.
        num_heads: Heads of the attentions.
        dropout: See :class:`ATMLayer`.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        num_layers: int,
        num_heads: int,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.projection = nn.Linear(in_channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(
            ATMLayer(channels, num_heads, dropout) for _ in range(num_layers)
        )

    def forward(self, tokens: Tensor, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Update the tokens; the last layer's similarities are the masks.

        Args:
            tokens: (B, K, C).
            feature: (B, in_channels, h, w).

        Returns:
            New tokens, (B, K, C), and mask logits, (B, K, h, w).
        """
        places = self.norm(self.projection(feature.flatten(2).transpose(1, 2)))
        mask = None
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            tokens, mask = layer(tokens, places, i == last)
        assert mask is not None
        return tokens, mask.unflatten(-1, feature.shape[-2:])
