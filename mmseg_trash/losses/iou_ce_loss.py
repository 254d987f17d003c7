"""Weighted sum of the soft IoU loss and the cross entropy."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import check_range
from .functional import cross_entropy, pixel_weights, reduce_pixels
from .soft_iou_loss import SoftIoULoss


@MODELS.register_module()
class IoUCELoss(SoftIoULoss):
    """``iou_weight`` · (1 - soft IoU) + ``ce_weight`` · cross entropy.

    Adds to :class:`SoftIoULoss` the cross entropy over the same pixels: its mean over
    the valid pixels, weighted by ``weight`` and by the class weight of the true class.
    That is the mean of ``torch.nn.functional.cross_entropy``; mmseg's own counts the
    ignored pixels in the divisor.

    Args:
        iou_weight: Weight of the IoU term, at least 0.
        ce_weight: Weight of the cross entropy, at least 0.
        class_weight: Weights of the classes, see
            :class:`~mmseg_trash.losses.base.SegLoss`; they weigh the pixels of the
            cross entropy, by true class, and the classes in the mean of the IoU term.
        per_image: Take the soft IoU of each image instead of the batch's.
        smooth: Pixels added to intersection and union, at least 0.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        iou_weight: float = 0.4,
        ce_weight: float = 0.6,
        class_weight: ClassWeight = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_iou_ce',
    ) -> None:
        super().__init__(class_weight, per_image, smooth, loss_weight, loss_name)
        check_range('iou_weight', iou_weight)
        check_range('ce_weight', ce_weight)
        self.iou_weight = iou_weight
        self.ce_weight = ce_weight

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        weights = f'iou_weight={self.iou_weight}, ce_weight={self.ce_weight}'
        return f'{weights}, {super().extra_repr()}'

    def _loss(
        self,
        log_probs: Tensor,
        label: Tensor,
        valid: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
        reduction: str,
    ) -> Tensor:
        """Compute the weighted sum from log probabilities."""
        iou = super()._loss(log_probs, label, valid, weight, avg_factor, reduction)
        target = torch.where(valid, label, 0).long()
        ce = reduce_pixels(
            cross_entropy(log_probs, target, self.class_weight),
            pixel_weights(valid, weight, log_probs.dtype),
            target,
            self.class_weight,
            avg_factor,
        )
        return self.iou_weight * iou + self.ce_weight * ce
