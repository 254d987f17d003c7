"""Segmentors, registered in mmseg's ``MODELS``."""

from .mean_teacher_encoder_decoder import MeanTeacherEncoderDecoder
from .probs_tta_model import ProbsTTAModel

__all__ = ['MeanTeacherEncoderDecoder', 'ProbsTTAModel']
