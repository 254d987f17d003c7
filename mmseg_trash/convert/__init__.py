"""Conversion of published weights into this project's layout.

A converter is a pure function from one state dict to another; ``CONVERTERS`` names all.
"""

from .common import Converter

CONVERTERS: dict[str, Converter] = {}

__all__ = ['CONVERTERS', 'Converter']
