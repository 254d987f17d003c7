"""Soft IoU (Jaccard) loss that knows ignored pixels and absent classes."""

from mmseg.registry import MODELS

from ..class_balance import ClassWeight
from .soft_tversky_loss import SoftTverskyLoss


@MODELS.register_module()
class SoftIoULoss(SoftTverskyLoss):
    """One minus the soft IoU of the softmax, averaged over the classes of the truth.

    Differentiable, unlike a loss over the argmax; see Rahman and Wang, "Optimizing
    Intersection-Over-Union in Deep Neural Networks for Image Segmentation", 2016. The
    Tversky index with α = β = 1.

    Args:
        class_weight: Weights of the classes in the mean of their losses, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        per_image: Take the statistics of each image, and the mean over the images,
            instead of the statistics of the batch.
        smooth: Pixels added to intersection and union, at least 0.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        class_weight: ClassWeight = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_soft_iou',
    ) -> None:
        super().__init__(
            1.0, 1.0, class_weight, per_image, smooth, loss_weight, loss_name
        )
