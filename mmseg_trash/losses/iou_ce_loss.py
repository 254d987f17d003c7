"""Weighted sum of the soft IoU loss and the cross entropy."""

import math
from collections.abc import Sequence

from mmseg.registry import MODELS
from torch import Tensor

from .functional import masked_cross_entropy
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
        class_weight: Weights of the classes, C numbers; they weigh the pixels of the
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
        class_weight: Sequence[float] | None = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_iou_ce',
    ) -> None:
        super().__init__(class_weight, per_image, smooth, loss_weight, loss_name)
        for name, value in (('iou_weight', iou_weight), ('ce_weight', ce_weight)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f'{name} must be finite and at least 0, got {value}')
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
    ) -> Tensor:
        """Compute the weighted sum from log probabilities."""
        iou = super()._loss(log_probs, label, valid, weight, avg_factor)
        cross_entropy = masked_cross_entropy(
            log_probs, label, valid, self.class_weight, weight, avg_factor
        )
        return self.iou_weight * iou + self.ce_weight * cross_entropy
