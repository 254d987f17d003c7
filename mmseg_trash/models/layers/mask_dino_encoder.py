"""MaskDINO's encoder: several maps refine each other, and a fine map for the masks."""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .ms_deform_attn import MSDeformAttn
from .sine_positions import map_positions

Shapes = Sequence[tuple[int, int]]
GROUPS = 32
"""Of every group norm."""


class EncoderLayer(nn.Module):
    """Deformable self-attention and a feed-forward network, norms after each.

    Deformable DETR (Zhu et al. 2021, arXiv:2010.04159, section 4.1).

    Args:
        channels: Width.
        levels: Number of maps.
        heads: Heads of the attention.
        ffn: Hidden width of the feed-forward network.
    """

    def __init__(self, channels: int, levels: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.self_attn = MSDeformAttn(channels, levels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, ffn)
        self.linear2 = nn.Linear(ffn, channels)
        self.norm2 = nn.LayerNorm(channels)
        nn.init.xavier_uniform_(self.linear1.weight)
        nn.init.xavier_uniform_(self.linear2.weight)

    def forward(
        self, tokens: Tensor, positions: Tensor, references: Tensor, shapes: Shapes
    ) -> Tensor:
        """Refine the tokens of all maps.

        Args:
            tokens: (B, N, C).
            positions: What queries get added, (N, C).
            references: Place (x, y) of each token on each map, (1, N, levels, 2).
            shapes: Height and width of each map.

        Returns:
            (B, N, C).
        """
        attended = self.self_attn(tokens + positions, references, tokens, shapes)
        tokens = self.norm1(tokens + attended)
        hidden = self.linear2(self.linear1(tokens).relu())
        return cast(Tensor, self.norm2(tokens + hidden))


class Encoder(nn.Module):
    """A stack of :class:`EncoderLayer`, and a vector that tells the maps apart.

    Args:
        channels, levels, heads, ffn: See :class:`EncoderLayer`.
        depth: Number of layers.
    """

    def __init__(
        self, channels: int, levels: int, heads: int, ffn: int, depth: int
    ) -> None:
        super().__init__()
        self.level_embed = nn.Parameter(torch.empty(levels, channels))
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(
            EncoderLayer(channels, levels, heads, ffn) for _ in range(depth)
        )
        nn.init.normal_(self.level_embed)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Let maps refine each other.

        Args:
            maps: One NCHW map for each level.

        Returns:
            Maps of the same sizes.
        """
        channels, device = maps[0].shape[1], maps[0].device
        shapes = [(m.shape[2], m.shape[3]) for m in maps]
        tokens = torch.cat([m.flatten(2).transpose(1, 2) for m in maps], 1)
        positions = torch.cat([
            map_positions(*shape, channels, device) + level
            for shape, level in zip(shapes, self.level_embed)
        ])  # fmt: skip
        places = torch.cat([pixel_centres(*shape, device) for shape in shapes])
        references = places[None, :, None].expand(-1, -1, len(maps), -1)
        for layer in cast(nn.ModuleList, self.encoder.layers):
            tokens = layer(tokens, positions, references, shapes)
        parts = tokens.split([height * width for height, width in shapes], 1)
        return [p.transpose(1, 2).unflatten(2, s) for p, s in zip(parts, shapes)]


def pixel_centres(height: int, width: int, device: torch.device) -> Tensor:
    """Return (x, y) of a map's pixels, 0 to 1 from border to border, row by row."""
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / height
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / width
    grid = torch.meshgrid(y, x, indexing='ij')
    return torch.stack([grid[1], grid[0]], -1).flatten(0, 1)


class NormedConv(nn.Conv2d):
    """A convolution without bias, followed by group norm under the name ``norm``.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output, a multiple of 32.
        kernel_size: Side of the kernel, odd.
    """

    def __init__(self, in_channels: int, channels: int, kernel_size: int) -> None:
        padding = kernel_size // 2
        super().__init__(
            in_channels, channels, kernel_size, padding=padding, bias=False
        )
        self.norm = nn.GroupNorm(GROUPS, channels)
        nn.init.kaiming_uniform_(self.weight, a=1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve and normalise, NCHW."""
        return cast(Tensor, self.norm(super().forward(x)))


class MaskDINOEncoder(nn.Module):
    """MaskDINO's pixel decoder (Li et al. 2023, arXiv:2206.02777, section 3.3).

    That of Mask2Former, with more maps if wanted: the finest one may take part, and
    coarser ones are made by strided convolutions. The names of the parameters are the
    authors' (Apache-2.0).

    Args:
        in_channels: Channels of the maps at strides 4, 8, 16 and 32.
        channels: Width, a multiple of 32.
        mask_channels: Channels of the map that masks are made from.
        levels: How many of the backbone's maps refine each other, from the coarsest.
        extra_levels: How many coarser ones are made from the coarsest.
        finest_first: Order of the maps; the authors' is the coarsest first for ADE20K
            and the finest first for COCO. The weights depend on it.
        heads, ffn, depth: See :class:`Encoder`.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 256,
        mask_channels: int = 256,
        levels: int = 3,
        extra_levels: int = 0,
        finest_first: bool = False,
        heads: int = 8,
        ffn: int = 1024,
        depth: int = 6,
    ) -> None:
        super().__init__()
        if not 1 <= levels <= len(in_channels):
            raise ValueError(
                f'levels must be from 1 to {len(in_channels)}, got {levels}'
            )
        if extra_levels < 0:
            raise ValueError(f'extra_levels must be 0 or more, got {extra_levels}')
        if channels % GROUPS:
            raise ValueError(f'channels must be a multiple of {GROUPS}, got {channels}')
        self.num_levels = levels + extra_levels
        self.levels, self.finest_first = levels, finest_first
        used = list(in_channels[-levels:])
        if not finest_first:
            used.reverse()
        self.input_proj = nn.ModuleList(projection(c, channels, 1) for c in used)
        for i in range(extra_levels):
            source = channels if i else in_channels[-1]
            self.input_proj.append(projection(source, channels, 3))
        self.transformer = Encoder(channels, self.num_levels, heads, ffn, depth)
        self.adapter_1 = NormedConv(in_channels[0], channels, 1)
        self.layer_1 = NormedConv(channels, channels, 3)
        self.mask_features = nn.Conv2d(channels, mask_channels, 1)
        nn.init.kaiming_uniform_(self.mask_features.weight, a=1)
        nn.init.zeros_(cast(Tensor, self.mask_features.bias))

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Refine a backbone's maps.

        Args:
            features: Maps at strides 4, 8, 16 and 32, float32 NCHW.

        Returns:
            The map that masks are made from, (B, mask channels, H / 4, W / 4), and the
            refined maps in the encoder's order.
        """
        used = list(features[-self.levels :])
        if not self.finest_first:
            used.reverse()
        maps = [project(m) for project, m in zip(self.input_proj, used)]
        extra: list[Tensor] = []
        for project in list(self.input_proj)[self.levels :]:
            extra.append(project(extra[-1] if extra else features[-1]))
        maps = maps + extra if self.finest_first else extra[::-1] + maps
        maps = self.transformer(maps)
        lateral = self.adapter_1(features[0])
        finest = F.interpolate(
            maps[0 if self.finest_first else -1],
            lateral.shape[-2:],
            mode='bilinear',
            align_corners=False,
        )
        return self.mask_features(self.layer_1(lateral + finest).relu()), maps


def projection(in_channels: int, channels: int, kernel_size: int) -> nn.Sequential:
    """Return a convolution with group norm; a kernel of 3 halves the size."""
    stride, padding = (1, 0) if kernel_size == 1 else (2, 1)
    conv = nn.Conv2d(in_channels, channels, kernel_size, stride, padding)
    nn.init.xavier_uniform_(conv.weight)
    nn.init.zeros_(cast(Tensor, conv.bias))
    return nn.Sequential(conv, nn.GroupNorm(GROUPS, channels))
