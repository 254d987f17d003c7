"""Conversion of published weights into this project's layout.

A converter is a pure function from one state dict to another; ``CONVERTERS`` names all.
"""

from . import (
    beit,
    convnext,
    dinat,
    dinov2,
    dinov3,
    efficientnet,
    eomt,
    hrnet,
    mask2former,
    maskdino,
    mit,
    mmseg,
    mobilenetv2,
    package,
    segformer,
    semask,
    smp,
    swin,
)
from .common import Converter

CONVERTERS: dict[str, Converter] = {
    'beit': beit.convert,
    'convnext': convnext.convert,
    'dinat': dinat.convert,
    'dinov2': dinov2.convert,
    'dinov3': dinov3.convert,
    'efficientnet': efficientnet.convert,
    'efficientnet-lite': efficientnet.for_lite_encoder,
    'efficientnet-smp': efficientnet.for_encoder,
    'efficientnet-timm': efficientnet.for_timm_encoder,
    'eomt': eomt.convert,
    'hrnet': hrnet.convert,
    'mask2former-d2': mask2former.from_d2,
    'mask2former-hf': mask2former.from_hf,
    'mask2former-mmdet': mask2former.from_mmdet,
    'maskdino': maskdino.convert,
    'mit': mit.convert,
    'mmseg': mmseg.convert,
    'mobilenetv2': mobilenetv2.for_encoder,
    'segformer': segformer.from_official,
    'segformer-hf': segformer.from_hf,
    'semask': semask.convert,
    'smp': smp.convert,
    'swin': swin.convert,
    'upernet-dinat': dinat.from_segmentor,
}

__all__ = ['CONVERTERS', 'Converter', 'package']
