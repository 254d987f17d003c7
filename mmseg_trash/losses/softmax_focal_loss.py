"""Focal loss over the softmax."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import PixelLoss, check_range
from .functional import cross_entropy


@MODELS.register_module()
class SoftmaxFocalLoss(PixelLoss):
    """α·(1 - p)^γ·(-log p) of the true class's probability p, over the valid pixels.

    Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 5, with one
    distribution over the classes in place of one sigmoid for each. Unlike mmseg's
    ``FocalLoss`` it runs on a CPU and needs no compiled operator.

    Args:
        gamma: The exponent γ, at least 0; at 0 and ``alpha`` 1 it is the cross entropy.
        alpha: A factor for all classes, at least 0; ``class_weight`` tells them apart.
        class_weight: Weights of the classes, see
            :class:`~mmseg_trash.losses.base.SegLoss`; the mean is the weighted one.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float = 0.25,
        class_weight: ClassWeight = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_softmax_focal',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        check_range('gamma', gamma)
        check_range('alpha', alpha)
        self.gamma = gamma
        self.alpha = alpha

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'gamma={self.gamma}, alpha={self.alpha}'

    def _values(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Compute the focal loss of each pixel."""
        true_log_prob = log_probs.gather(1, target.unsqueeze(1)).squeeze(1)
        # 1 - p, kept off 0, where the slope of a root is infinite
        miss = (-torch.expm1(true_log_prob)).clamp(
            min=torch.finfo(log_probs.dtype).tiny
        )
        weights = self.effective_class_weight()
        values = cross_entropy(log_probs, target, weights)
        return self.alpha * miss**self.gamma * values
