"""Tversky loss that knows ignored pixels and absent classes."""

from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import SegLoss, check_range
from .functional import mean_of_present, soft_statistics, tversky_loss


@MODELS.register_module()
class SoftTverskyLoss(SegLoss):
    """One minus the soft Tversky index, averaged over the classes of the truth.

    The index is (I + s) / (I + α·FP + β·FN + s): β above α punishes what is missed more
    than what is too much (Salehi et al., "Tversky loss function for image
    segmentation", 2017). Unlike mmseg's ``TverskyLoss`` it follows the ``ignore_index``
    and the pixel weights of the call, stays finite in float16, and a class that is not
    there costs nothing.

    Args:
        alpha: Weight of false positives, at least 0.
        beta: Weight of false negatives, at least 0.
        class_weight: Weights of the classes in the mean of their losses, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        per_image: Take the statistics of each image, and the mean over the images,
            instead of the statistics of the batch.
        smooth: Pixels added to dividend and divisor, at least 0.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        class_weight: ClassWeight = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_soft_tversky',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        for name, value in (('alpha', alpha), ('beta', beta), ('smooth', smooth)):
            check_range(name, value)
        if not beta and not smooth:
            raise ValueError('beta and smooth must not both be 0')
        self.alpha = alpha
        self.beta = beta
        self.per_image = per_image
        self.smooth = smooth

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        options = f'per_image={self.per_image}, smooth={self.smooth}'
        return f'alpha={self.alpha}, beta={self.beta}, {options}'

    def _loss(
        self,
        log_probs: Tensor,
        label: Tensor,
        valid: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
        reduction: str,
    ) -> Tensor:
        """Compute the loss from log probabilities, before ``loss_weight``."""
        statistics = soft_statistics(log_probs.exp(), label, valid, weight)
        if not self.per_image:
            intersection, prediction, truth = statistics
            statistics = (
                intersection.sum(0, keepdim=True),
                prediction.sum(0, keepdim=True),
                truth.sum(0, keepdim=True),
            )
        losses = tversky_loss(*statistics, self.alpha, self.beta, self.smooth)
        return mean_of_present(losses, statistics[2], self.effective_class_weight())
