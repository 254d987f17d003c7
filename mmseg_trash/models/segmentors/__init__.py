"""Segmentors, registered in mmseg's ``MODELS``."""

from .mean_teacher_encoder_decoder import MeanTeacherEncoderDecoder
from .probs_tta_model import ProbsTTAModel
from .soft_label_encoder_decoder import SoftLabelEncoderDecoder

__all__ = ['MeanTeacherEncoderDecoder', 'ProbsTTAModel', 'SoftLabelEncoderDecoder']
