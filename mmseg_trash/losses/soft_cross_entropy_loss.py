"""Cross entropy with label smoothing that knows ignored pixels."""

from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import PixelLoss, check_range
from .functional import cross_entropy


@MODELS.register_module()
class SoftCrossEntropyLoss(PixelLoss):
    """Cross entropy with the target (1 - ε)·y + ε/C, averaged over the valid pixels.

    Gives the numbers of ``torch.nn.functional.cross_entropy`` with ``weight``,
    ``label_smoothing`` and ``ignore_index`` (Szegedy et al., "Rethinking the Inception
    Architecture for Computer Vision", 2016, section 7). mmseg's ``CrossEntropyLoss``
    has no smoothing, divides by the ignored pixels too, and fails with class weights
    and ``avg_non_ignore``.

    Args:
        label_smoothing: The number ε, in [0, 1).
        class_weight: Weights of the classes, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        label_smoothing: float = 0.1,
        class_weight: ClassWeight = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_soft_ce',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        check_range('label_smoothing', label_smoothing, high=1.0)
        self.label_smoothing = label_smoothing

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'label_smoothing={self.label_smoothing}'

    def _values(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Compute the cross entropy of each pixel."""
        weights = self.effective_class_weight()
        return cross_entropy(log_probs, target, weights, self.label_smoothing)
