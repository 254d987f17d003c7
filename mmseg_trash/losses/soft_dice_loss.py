"""Soft Dice loss that knows classes, ignored pixels and absent classes."""

from mmseg.registry import MODELS

from ..class_balance import ClassWeight
from .base import check_range
from .soft_tversky_loss import SoftTverskyLoss


@MODELS.register_module()
class SoftDiceLoss(SoftTverskyLoss):
    """One minus the soft Dice of the softmax, averaged over the classes of the truth.

    The Dice of a class is (2·I + s) / (P + T + s), its sums over the batch or each
    image: the Tversky index with α = β = 1/2 and half of s. mmseg's ``DiceLoss`` counts
    ignored pixels, lumps the classes together, and overflows in float16.

    Args:
        class_weight: Weights of the classes in the mean of their losses, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        per_image: Take the statistics of each image, and the mean over the images,
            instead of the statistics of the batch.
        smooth: The number s, in pixels, at least 0.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        class_weight: ClassWeight = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_soft_dice',
    ) -> None:
        check_range('smooth', smooth)
        super().__init__(
            0.5, 0.5, class_weight, per_image, smooth / 2, loss_weight, loss_name
        )
