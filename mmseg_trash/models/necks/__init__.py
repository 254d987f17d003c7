"""Necks, registered in mmseg's ``MODELS``."""

from .fapn import FaPN
from .pixel_fan_decoder import PixelFANDecoder
from .query_upsampling import QueryUpsampling

__all__ = ['FaPN', 'PixelFANDecoder', 'QueryUpsampling']
