"""Blocks of FaPN: choose channels of fine maps, align coarse maps with them."""

from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from torch import Tensor, nn

from .deform_conv import GuidedDeformConv2d


def norm_of(norm_cfg: dict[str, Any] | None, channels: int) -> nn.Module | None:
    """Build the normalization that a config dict names; None for None."""
    return None if norm_cfg is None else build_norm_layer(norm_cfg, channels)[1]


class NormedConv2d(nn.Conv2d):
    """Convolution that keeps the size, then a norm, then perhaps ReLU.

    Parameters are named as in detectron2's ``Conv2d``.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels of the result.
        kernel_size: Odd size of the kernel.
        norm: The normalization; may be another layer's too.
        relu: Whether ReLU follows.
        bias: Whether there is a bias; None gives one to a layer without a norm.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        norm: nn.Module | None = None,
        relu: bool = False,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            padding=kernel_size // 2,
            bias=norm is None if bias is None else bias,
        )
        self.norm = norm
        self.relu = relu
        nn.init.kaiming_uniform_(self.weight, a=1)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        x = super().forward(x)
        x = x if self.norm is None else self.norm(x)
        return F.relu(x) if self.relu else x


class FeatureSelection(nn.Module):
    """Feature selection module of FaPN (Huang et al. 2021, arXiv:2108.07058, eq. 3).

    Weighs channels by a sigmoid of their means, adds the map itself, and maps the
    channels to the width of the pyramid.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv_atten = NormedConv2d(in_channels, in_channels, 1, bias=False)
        self.conv = NormedConv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, in_channels, H, W) into (B, out_channels, H, W)."""
        weights = self.conv_atten(x.mean((2, 3), keepdim=True)).sigmoid()
        return self.conv(x + x * weights)


class FeatureAlignment(nn.Module):
    """Feature alignment module of FaPN (arXiv:2108.07058, eq. 2).

    Enlarges the coarse map and samples it, by a modulated deformable convolution, where
    its difference to the fine map says.

    Args:
        channels: Channels of both maps.
        in_channels: Channels of the fine map before it passes a
            :class:`FeatureSelection`; None leaves that out.
        norm: Normalization of the difference.
        deform_groups: Groups of channels with their own offsets.
    """

    def __init__(
        self,
        channels: int,
        in_channels: int | None = None,
        norm: nn.Module | None = None,
        deform_groups: int = 8,
    ) -> None:
        super().__init__()
        self.lateral_conv: nn.Module = nn.Identity()
        if in_channels is not None:
            self.lateral_conv = FeatureSelection(in_channels, channels)
        self.offset = NormedConv2d(2 * channels, channels, 1, norm, bias=False)
        self.dcpack_L2 = GuidedDeformConv2d(
            channels, channels, deform_groups=deform_groups
        )

    def forward(
        self, fine: Tensor, coarse: Tensor, norm: nn.Module | None = None
    ) -> Tensor:
        """Align the coarse map with the fine one and add both.

        Args:
            fine: (B, C, H, W).
            coarse: (B, channels, h, w).
            norm: Normalization of the difference that belongs to another layer.

        Returns:
            (B, channels, H, W).
        """
        fine = self.lateral_conv(fine)
        if coarse.shape[2:] != fine.shape[2:]:
            coarse = F.interpolate(
                coarse, fine.shape[2:], mode='bilinear', align_corners=False
            )
        # The authors double the coarse map, so that a sum's weights give a difference.
        guide = self.offset(torch.cat((fine, 2 * coarse), dim=1))
        guide = guide if norm is None else norm(guide)
        return F.relu(self.dcpack_L2(coarse, guide)) + fine
