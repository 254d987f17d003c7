"""Conversion of published weights into this project's layout.

A converter is a pure function from one state dict to another; ``CONVERTERS`` names all.
"""

from . import dinat
from .common import Converter

CONVERTERS: dict[str, Converter] = {
    'dinat': dinat.convert,
    'upernet-dinat': dinat.from_segmentor,
}

__all__ = ['CONVERTERS', 'Converter']
