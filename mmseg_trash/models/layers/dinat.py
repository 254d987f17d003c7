"""Blocks of DiNAT; every map is channels-last, (B, H, W, C)."""

from collections.abc import Sequence

import torch
from mmcv.cnn.bricks import DropPath
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .neighborhood_attention import NeighborhoodAttention


class ConvTokenizer(nn.Module):
    """Turn an image into tokens of stride 4 by two strided convolutions and a norm."""

    def __init__(self, in_channels: int, dim: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(
            nn.Conv2d(in_channels, dim // 2, 3, stride=2, padding=1),
            nn.Conv2d(dim // 2, dim, 3, stride=2, padding=1),
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, C, H, W) into (B, H / 4, W / 4, dim), sizes rounded up."""
        return self.norm(self.proj(x).permute(0, 2, 3, 1))


class ConvDownsampler(nn.Module):
    """Halve a map and double its channels by a strided convolution and a norm."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.reduction = nn.Conv2d(dim, 2 * dim, 3, stride=2, padding=1, bias=False)
        self.norm = nn.LayerNorm(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, H, W, dim) into (B, H / 2, W / 2, 2 * dim), sizes rounded up."""
        x = self.reduction(x.permute(0, 3, 1, 2))
        return self.norm(x.permute(0, 2, 3, 1))


class Mlp(nn.Module):
    """Two linear maps with GELU between them."""

    def __init__(self, dim: int, hidden: int, drop: float = 0.0) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Map the last axis, of ``dim`` channels, to itself."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class DiNATBlock(nn.Module):
    """Pre-norm transformer block with neighbourhood attention.

    Args:
        dim: Channels.
        num_heads: Heads of the attention.
        kernel_size: Width of the neighbourhood.
        dilation: Distance of two neighbours.
        mlp_ratio: Hidden channels of the MLP over ``dim``.
        qkv_bias: Give the projection of the attention a bias.
        qk_scale: Factor of the attention's logits.
        drop: Dropout of the outputs of attention and MLP.
        attn_drop: Dropout of attention weights.
        drop_path: Share of residual branches to drop.
        layer_scale: Initial factor of both branches; None has no factors.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        kernel_size: int = 7,
        dilation: int = 1,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = NeighborhoodAttention(
            dim,
            num_heads,
            kernel_size,
            dilation,
            qkv_bias=qkv_bias,
            qk_scale=qk_scale,
            attn_drop=attn_drop,
            proj_drop=drop,
        )
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop)
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()
        self.gamma1: nn.Parameter | None = None
        self.gamma2: nn.Parameter | None = None
        if layer_scale is not None:
            self.gamma1 = nn.Parameter(torch.full((dim,), float(layer_scale)))
            self.gamma2 = nn.Parameter(torch.full((dim,), float(layer_scale)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, H, W, dim) to itself."""
        for norm, layer, gamma in (
            (self.norm1, self.attn, self.gamma1),
            (self.norm2, self.mlp, self.gamma2),
        ):
            branch = layer(norm(x))
            x = x + self.drop_path(branch if gamma is None else gamma * branch)
        return x


class DiNATStage(nn.Module):
    """Blocks at one resolution and, but for the last stage, the step to the next.

    Args:
        dim: Channels.
        dilations: Dilation of each block.
        drop_paths: Share of residual branches to drop, of each block.
        downsample: Whether a stage follows.
        **options: Further arguments of :class:`DiNATBlock`.
    """

    def __init__(
        self,
        dim: int,
        dilations: Sequence[int],
        drop_paths: Sequence[float],
        downsample: bool,
        **options: float | int | bool | None,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            DiNATBlock(dim, dilation=dilation, drop_path=rate, **options)  # type: ignore[arg-type]
            for dilation, rate in zip(dilations, drop_paths, strict=True)
        )
        self.downsample = ConvDownsampler(dim) if downsample else None

    def forward(self, x: Tensor, with_cp: bool = False) -> tuple[Tensor, Tensor]:
        """Run the blocks, then the downsampling.

        Args:
            x: (B, H, W, dim).
            with_cp: Recompute the blocks in the backward pass.

        Returns:
            The stage's own map, like ``x``, and the next one's: (B, H / 2, W / 2, 2 *
            dim), or the same one after the last stage.
        """
        for block in self.blocks:
            if with_cp and torch.is_grad_enabled():
                x = checkpoint(block, x, use_reentrant=False)
            else:
                x = block(x)
        return x, x if self.downsample is None else self.downsample(x)
