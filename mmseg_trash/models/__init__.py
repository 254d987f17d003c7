"""Backbones and segmentors, registered in mmseg's ``MODELS``."""

from .backbones import SDPAMixVisionTransformer, SDPASwinTransformer
from .segmentors import ProbsTTAModel

__all__ = ['ProbsTTAModel', 'SDPAMixVisionTransformer', 'SDPASwinTransformer']
