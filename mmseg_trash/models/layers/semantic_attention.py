"""Attention by semantic similarity."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SemanticAttention(nn.Module):
    """Attention whose queries are class logits (SeMask, arXiv:2112.12782, section 3).

    Each place gets the logits of K classes, Y = W_q x, and keys W_k x of the same
    width; out = gamma * dropout(W_res softmax(Y (W_k x)^T) W_v x) + x, one head,
    without a scale. gamma starts at 0: at first the input passes unchanged. The authors
    start W_res at 0 too, from where neither ever gets a gradient, since each one's is a
    multiple of the other; here W_res is drawn.

    Args:
        channels: Channels C of the map.
        num_classes: Number of classes K.
        dropout: Dropout in training.
    """

    def __init__(self, channels: int, num_classes: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.mlp_cls_q = nn.Linear(channels, num_classes)
        self.mlp_cls_k = nn.Linear(channels, num_classes)
        self.mlp_v = nn.Linear(channels, channels)
        self.mlp_res = nn.Linear(channels, channels)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.dropout = nn.Dropout(dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the projections and set gamma to 0."""
        for linear in (self.mlp_cls_q, self.mlp_cls_k, self.mlp_v, self.mlp_res):
            nn.init.kaiming_normal_(linear.weight)
            nn.init.zeros_(linear.bias)
        nn.init.zeros_(self.gamma)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Attend.

        Args:
            x: (B, N, C).

        Returns:
            The tokens, (B, N, C), and the class logits, (B, N, K).
        """
        logits = self.mlp_cls_q(x)
        q, k, v = logits, self.mlp_cls_k(x), self.mlp_v(x)
        # With an axis for the one head: ONNX knows no attention without.
        out = F.scaled_dot_product_attention(
            q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), scale=1.0
        ).squeeze(1)
        return self.gamma * self.dropout(self.mlp_res(out)) + x, logits


class SemanticLayer(nn.Module):
    """What SeMask puts behind a stage of a transformer: LayerNorm and attention.

    The stage's own output does not go around the norm: at first the layer is the norm.
    As in Swin, windows do not overlap, and a map that they do not fill is padded with
    zeros at the right and at the bottom, after the norm; padded places take part.

    Args:
        channels: Channels of the map.
        num_classes: Number of classes.
        window: Side of the windows inside which places attend to each other; None for
            attention over the whole map.
        dropout: Dropout in training.

    Raises:
        ValueError: ``window`` is not positive.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        window: int | None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if window is not None and window < 1:
            raise ValueError(f'window must be positive or None, got {window}')
        self.window = window
        self.norm = nn.LayerNorm(channels)
        self.attention = SemanticAttention(channels, num_classes, dropout)

    def reset_parameters(self) -> None:
        """Start anew."""
        self.norm.reset_parameters()
        self.attention.reset_parameters()

    def forward(self, x: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Attend.

        Args:
            x: (B, h * w, C).
            size: (h, w).

        Returns:
            The tokens, (B, h * w, C), and the class logits, (B, K, h, w).
        """
        x = self.norm(x)
        if self.window is None:
            x, logits = self.attention(x)
            return x, logits.transpose(1, 2).unflatten(-1, size)
        (height, width), side = size, self.window
        right, bottom = -width % side, -height % side
        x = F.pad(x.unflatten(1, size), (0, 0, 0, right, 0, bottom))
        # (B, rows, side, columns, side, C) to (B * rows * columns, side * side, C)
        x = x.unflatten(2, (-1, side)).unflatten(1, (-1, side)).transpose(2, 3)
        grid = x.shape[:3]
        tokens, logits = self.attention(x.flatten(3, 4).flatten(0, 2))

        def joined(windows: Tensor) -> Tensor:
            tiles = windows.unflatten(1, (side, side)).unflatten(0, grid)
            whole = tiles.transpose(2, 3).flatten(3, 4).flatten(1, 2)
            return whole[:, :height, :width]

        return joined(tokens).flatten(1, 2), joined(logits).permute(0, 3, 1, 2)
