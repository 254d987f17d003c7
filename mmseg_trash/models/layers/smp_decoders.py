"""Decoders of segmentation_models_pytorch, with the numbers of its models."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

ARCHS = ('unet', 'unetplusplus', 'fpn', 'pan', 'deeplabv3plus')


def build_decoder(
    arch: str, in_channels: Sequence[int], options: Mapping[str, Any] | None = None
) -> tuple[nn.Module, int, int]:
    """Build the decoder of one of smp's models.

    Args:
        arch: One of ``ARCHS``, as ``create_model`` takes it.
        in_channels: Channels of the image and of the maps at strides 2 to 32.
        options: Arguments of smp's decoder to set otherwise than its model does.

    Returns:
        The decoder, which takes the list of image and maps; the channels of its
        output; and the kernel size of the classifier that smp puts behind it.

    Raises:
        ImportError: segmentation_models_pytorch is not installed.
        ValueError: There is no such ``arch``.
    """
    if arch not in ARCHS:
        raise ValueError(f'arch must be one of {", ".join(ARCHS)}, got {arch}')
    try:
        from segmentation_models_pytorch.decoders.deeplabv3.decoder import (
            DeepLabV3PlusDecoder,
        )
        from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder
        from segmentation_models_pytorch.decoders.pan.decoder import PANDecoder
        from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
        from segmentation_models_pytorch.decoders.unetplusplus.decoder import (
            UnetPlusPlusDecoder,
        )
    except ImportError as error:
        raise ImportError(
            'SMPHead needs segmentation_models_pytorch: '
            'pip install "mmseg_trash[optional]"'
        ) from error
    depth = len(in_channels) - 1
    args = dict(encoder_channels=list(in_channels), **_numbers(arch, depth))
    args |= options or {}
    if arch in ('unet', 'unetplusplus'):
        unet = UnetDecoder if arch == 'unet' else UnetPlusPlusDecoder
        return unet(**args), args['decoder_channels'][-1], 3
    if arch == 'fpn':
        fpn = FPNDecoder(**args)
        return fpn, int(fpn.out_channels), 1
    if arch == 'pan':
        return PANDecoder(**args), args['decoder_channels'], 3
    return DeepLabV3PlusDecoder(**args), args['out_channels'], 1


def _numbers(arch: str, depth: int) -> dict[str, Any]:
    """Return the arguments that smp's models give to their decoders."""
    if arch in ('unet', 'unetplusplus'):
        return dict(n_blocks=depth, decoder_channels=(256, 128, 64, 32, 16))
    if arch == 'fpn':
        return dict(encoder_depth=depth)
    if arch == 'pan':
        return dict(encoder_depth=depth, decoder_channels=32)
    return dict(
        encoder_depth=depth,
        out_channels=256,
        atrous_rates=(12, 24, 36),
        output_stride=16,
        aspp_separable=True,
        aspp_dropout=0.5,
    )
