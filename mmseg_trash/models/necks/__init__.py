"""Necks, registered in mmseg's ``MODELS``."""

from .bifpn import BiFPN
from .fapn import FaPN
from .pixel_fan_decoder import PixelFANDecoder
from .query_upsampling import QueryUpsampling

__all__ = [
    'BiFPN',
    'FaPN',
    'PixelFANDecoder',
    'QueryUpsampling',
]
