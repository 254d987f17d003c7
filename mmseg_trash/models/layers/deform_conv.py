"""Modulated deformable convolution on torchvision's operator or ``grid_sample``."""

import importlib
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .full_precision import full_precision


def has_deform_conv2d() -> bool:
    """Return whether torchvision is here with its compiled operators."""
    try:
        extension = importlib.import_module('torchvision.extension')
    except (ImportError, RuntimeError):
        # A torchvision of another torch fails while it registers its operators.
        return False
    return bool(extension._has_ops())


def modulated_deform_conv2d(
    x: Tensor,
    offset: Tensor,
    modulation: Tensor | None,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """Convolve at displaced and weighted places (DCNv2).

    Deformable ConvNets v2 (Zhu et al. 2019, arXiv:1811.11168, eq. 1). Samples
    bilinearly; outside the map there are zeros. Runs torchvision's operator where it is
    compiled, else :func:`sampled_deform_conv2d`. Half precision is computed in float32,
    since places in half precision lose whole pixels on large maps.

    Args:
        x: (B, C, H, W).
        offset: (B, 2 * G * kh * kw, Ho, Wo) in pixels; for each of G deformable groups
            and each tap first y, then x.
        modulation: (B, G * kh * kw, Ho, Wo), weights of the samples; None weights by 1.
        weight: (O, C / groups, kh, kw).
        bias: (O,).
        stride: Step of the output, both axes.
        padding: Zeros around the map, both axes.
        dilation: Distance of the taps, both axes.

    Returns:
        (B, O, Ho, Wo), of the type of ``x``.

    Raises:
        ValueError: The shapes do not belong together.
    """
    _check(x, offset, modulation, weight, stride, padding, dilation)
    dtype = x.dtype
    with full_precision(x):
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        x, offset, weight = x.to(wide), offset.to(wide), weight.to(wide)
        modulation = None if modulation is None else modulation.to(wide)
        bias = None if bias is None else bias.to(wide)
        if not has_deform_conv2d() or x.is_meta:
            out = sampled_deform_conv2d(
                x, offset, modulation, weight, bias, stride, padding, dilation
            )
        else:
            ops = importlib.import_module('torchvision.ops')
            steps = dict(stride=stride, padding=padding, dilation=dilation)
            out = ops.deform_conv2d(x, offset, weight, bias, mask=modulation, **steps)
    return out.to(dtype)


def _check(
    x: Tensor,
    offset: Tensor,
    modulation: Tensor | None,
    weight: Tensor,
    stride: int,
    padding: int,
    dilation: int,
) -> None:
    """Raise a ValueError where shapes do not belong together."""
    channels, (out_channels, per_group, *kernel) = x.shape[1], weight.shape
    taps = math.prod(kernel)
    if channels % per_group or out_channels % (channels // per_group):
        raise ValueError(
            f'weight {tuple(weight.shape)} does not fit {channels} channels'
        )
    if offset.shape[1] % (2 * taps) or channels % (offset.shape[1] // (2 * taps)):
        raise ValueError(
            f'offset has {offset.shape[1]} channels, expected 2 * {taps} for each of '
            f'some groups that divide {channels} channels'
        )
    size = tuple(
        (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for n, k in zip(x.shape[2:], kernel)
    )
    wanted = (x.shape[0], offset.shape[1] // 2, *size)
    if (offset.shape[0], *offset.shape[2:]) != (x.shape[0], *size):
        raise ValueError(f'offset {tuple(offset.shape)} does not fit the output {size}')
    if modulation is not None and modulation.shape != wanted:
        raise ValueError(
            f'modulation has to be {wanted}, not {tuple(modulation.shape)}'
        )


def sampled_deform_conv2d(
    x: Tensor,
    offset: Tensor,
    modulation: Tensor | None,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """Compute :func:`modulated_deform_conv2d` on ``F.grid_sample``.

    Runs on every device; holds the map once per tap.
    """
    batch, channels, height, width = x.shape
    out_channels, per_group, tall, wide = weight.shape
    taps = tall * wide
    parts = offset.shape[1] // (2 * taps)
    rows, columns = offset.shape[-2:]

    def base(count: int, tap: Tensor, axis: int) -> Tensor:
        """Return where the taps stand without offsets: (taps, rows, columns)."""
        place = torch.arange(count, device=x.device) * stride - padding
        shape = (1, -1, 1) if axis == 0 else (1, 1, -1)
        return tap.view(-1, 1, 1) * dilation + place.view(shape)

    tap = torch.arange(taps, device=x.device)
    offset = offset.view(batch, parts, taps, 2, rows, columns)
    y = base(rows, tap // wide, 0) + offset[:, :, :, 0]
    across = base(columns, tap % wide, 1) + offset[:, :, :, 1]
    # grid_sample reads pixel p at (2 p + 1) / size - 1.
    grid = torch.stack(((2 * across + 1) / width, (2 * y + 1) / height), dim=-1) - 1
    samples = F.grid_sample(
        x.reshape(batch * parts, channels // parts, height, width),
        grid.view(batch * parts, taps * rows, columns, 2).to(x.dtype),
        mode='bilinear',
        padding_mode='zeros',
        align_corners=False,
    )
    samples = samples.view(batch, parts, channels // parts, taps, rows * columns)
    if modulation is not None:
        samples = samples * modulation.reshape(batch, parts, 1, taps, rows * columns)
    groups = channels // per_group
    samples = samples.reshape(batch, groups, per_group * taps, rows * columns)
    kernel = weight.reshape(1, groups, out_channels // groups, per_group * taps)
    out = (kernel @ samples).view(batch, out_channels, rows, columns)
    return out if bias is None else out + bias.view(-1, 1, 1)


class GuidedDeformConv2d(nn.Module):
    """Modulated deformable convolution whose offsets come from a second map.

    ``conv_offset_mask`` starts at zero: no offset, every sample weighted by one half.
    Parameters are named as in the DCNv2 layer that FaPN's authors used.

    Args:
        in_channels: Channels of the convolved and of the guiding map.
        out_channels: Channels of the result.
        kernel_size: Odd size of the kernel.
        deform_groups: Groups of channels with their own offsets.

    Raises:
        ValueError: ``in_channels`` is no multiple of ``deform_groups``, or
            ``kernel_size`` is even.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        deform_groups: int = 8,
    ) -> None:
        super().__init__()
        if in_channels % deform_groups:
            raise ValueError(
                f'in_channels {in_channels} is no multiple of deform_groups '
                f'{deform_groups}'
            )
        if kernel_size % 2 == 0:
            raise ValueError(f'kernel_size has to be odd, not {kernel_size}')
        self.padding = kernel_size // 2
        self.weight = nn.Parameter(
            torch.empty(out_channels, in_channels, kernel_size, kernel_size)
        )
        bound = (in_channels * kernel_size**2) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.conv_offset_mask = nn.Conv2d(
            in_channels,
            deform_groups * 3 * kernel_size**2,
            kernel_size,
            padding=self.padding,
        )
        for parameter in self.conv_offset_mask.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """Convolve ``x`` where ``guide`` says: both (B, C, H, W)."""
        guided = self.conv_offset_mask(guide)
        split = guided.shape[1] // 3 * 2
        return modulated_deform_conv2d(
            x,
            guided[:, :split],
            guided[:, split:].sigmoid(),
            self.weight,
            self.bias,
            padding=self.padding,
        )
