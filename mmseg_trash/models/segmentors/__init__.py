"""Segmentors, registered in mmseg's ``MODELS``."""

from .probs_tta_model import ProbsTTAModel

__all__ = ['ProbsTTAModel']
