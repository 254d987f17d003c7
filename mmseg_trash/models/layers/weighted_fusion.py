"""The blocks of BiFPN: weighted sums of maps, separable convolution, resampling."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BN_EPS, BN_MOMENTUM = 1e-3, 0.01


def separable_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a depthwise 3x3 and a pointwise convolution with a norm."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
        ),
        nn.Conv2d(in_channels, out_channels, 1),
        nn.BatchNorm2d(out_channels, eps=BN_EPS, momentum=BN_MOMENTUM),
    )


def lateral(in_channels: int, out_channels: int) -> nn.Module:
    """Return a pointwise convolution with a norm; nothing if the widths agree."""
    if in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1),
        nn.BatchNorm2d(out_channels, eps=BN_EPS, momentum=BN_MOMENTUM),
    )


def enlarge(x: Tensor, size: Sequence[int]) -> Tensor:
    """Bring a map to another size by its nearest neighbours."""
    return F.interpolate(x, tuple(size), mode='nearest')


def halve(x: Tensor) -> Tensor:
    """Take the maximum of 3x3 at every other place.

    Args:
        x: (B, C, H, W).

    Returns:
        Half the size, rounded up; padded as TensorFlow's ``SAME`` does, which sees
        another pixel grid at even sizes than a padding of 1.
    """
    pads: list[int] = []
    for side in (x.shape[-1], x.shape[-2]):
        total = (-(-side // 2) - 1) * 2 + 3 - side
        pads += [total // 2, total - total // 2]
    return F.max_pool2d(F.pad(x, pads, value=float('-inf')), 3, 2)


def shrink(x: Tensor, size: Sequence[int]) -> Tensor:
    """Bring a map to a size of about a half; see :func:`halve`.

    Where another network has rounded down, the maximum runs over other windows.
    """
    half = halve(x)
    if half.shape[-2:] == tuple(size):
        return half
    return F.adaptive_max_pool2d(x, tuple(size))


class WeightedFusion(nn.Module):
    """Fast normalised fusion, swish and a separable convolution.

    Section 3.3 of EfficientDet (Tan et al. 2020, arXiv:1911.09070): the sum of
    w_i / (eps + sum of w) times map i, w at least 0 and at first 1.

    Args:
        channels: Channels of all maps.
        num_inputs: How many maps are summed.
        eps: Keeps the quotient finite.
    """

    def __init__(self, channels: int, num_inputs: int, eps: float = 1e-4) -> None:
        super().__init__()
        self.eps = eps
        self.weights = nn.Parameter(torch.ones(num_inputs))
        self.conv = separable_conv(channels, channels)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Fuse maps of one size, (B, channels, H, W) each, into one such map."""
        weights = self.weights.relu()
        weights = weights / (self.eps + weights.sum())
        fused = sum(w * x for w, x in zip(weights, maps))
        out: Tensor = self.conv(F.silu(fused))
        return out
