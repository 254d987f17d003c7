"""Losses, registered in mmseg's MODELS."""

from .iou_ce_loss import IoUCELoss
from .soft_iou_loss import SoftIoULoss

__all__ = ['IoUCELoss', 'SoftIoULoss']
