"""Cross entropy over the hardest pixels."""

import math

from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import check_range
from .soft_cross_entropy_loss import SoftCrossEntropyLoss


@MODELS.register_module()
class OhemCELoss(SoftCrossEntropyLoss):
    """Cross entropy over the pixels whose true class has a low probability.

    Online hard example mining (Shrivastava et al., 2016). A pixel is kept if its true
    class's probability is below ``thresh``, or is among the ``min_kept`` lowest;
    ignored pixels are neither kept nor counted. It picks the pixels itself, so it
    stands in a list of losses, where mmseg's ``OHEMPixelSampler`` fails with losses
    over regions and mmseg's ``OhemCrossEntropy`` refuses the call of a decode head.

    Args:
        thresh: Probability in (0, 1] below which a pixel is hard; None keeps the
            ``min_kept`` hardest alone.
        min_kept: Pixels to keep at least, per image; over a batch the images share
            them, as with mmseg's sampler.
        class_weight: Weights of the classes, see
            :class:`~mmseg_trash.losses.base.SegLoss`. They do not decide what is hard.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        thresh: float | None = 0.7,
        min_kept: int = 100_000,
        class_weight: ClassWeight = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ohem_ce',
    ) -> None:
        super().__init__(0.0, class_weight, loss_weight, loss_name)
        if thresh is not None:
            check_range('thresh', thresh, high=1.0)
        if thresh == 0:
            raise ValueError('thresh 0 keeps no pixel; use None')
        if min_kept < 1:
            raise ValueError(f'min_kept must be at least 1, got {min_kept}')
        self.thresh = thresh
        self.min_kept = min_kept

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'thresh={self.thresh}, min_kept={self.min_kept}'

    def _select(self, log_probs: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """Set the weights of the easy pixels to 0."""
        true_log_prob = log_probs.detach().gather(1, target.unsqueeze(1)).squeeze(1)
        # Ignored pixels are the easiest: they fill up when fewer than k are valid.
        hardness = true_log_prob.masked_fill(weights == 0, math.inf)
        kept = min(self.min_kept * len(target), hardness.numel())
        limit = hardness.flatten().kthvalue(kept).values
        hard = hardness <= limit
        if self.thresh is not None:
            hard = hard | (hardness < math.log(self.thresh))
        return weights * hard
