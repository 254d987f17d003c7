"""Losses, registered in mmseg's MODELS."""

from .balanced_softmax_loss import BalancedSoftmaxLoss
from .cdb_loss import CDBLoss
from .iou_ce_loss import IoUCELoss
from .lovasz_softmax_loss import LovaszSoftmaxLoss
from .ohem_ce_loss import OhemCELoss
from .soft_cross_entropy_loss import SoftCrossEntropyLoss
from .soft_dice_loss import SoftDiceLoss
from .soft_iou_loss import SoftIoULoss
from .soft_tversky_loss import SoftTverskyLoss
from .softmax_focal_loss import SoftmaxFocalLoss

__all__ = [
    'BalancedSoftmaxLoss',
    'CDBLoss',
    'IoUCELoss',
    'LovaszSoftmaxLoss',
    'OhemCELoss',
    'SoftCrossEntropyLoss',
    'SoftDiceLoss',
    'SoftIoULoss',
    'SoftTverskyLoss',
    'SoftmaxFocalLoss',
]
