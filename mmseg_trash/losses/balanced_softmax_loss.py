"""Cross entropy that knows how frequent the classes are."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight, class_frequencies
from .base import check_range
from .soft_cross_entropy_loss import SoftCrossEntropyLoss


@MODELS.register_module()
class BalancedSoftmaxLoss(SoftCrossEntropyLoss):
    """Cross entropy of the logits plus τ·log of the classes' frequencies.

    The network learns what the frequencies do not tell, so that its own logits, as they
    are used at prediction, favour no class. At τ = 1 it is Balanced Softmax (Ren et
    al., 2020, equation 4), at others the logit-adjusted loss (Menon et al., 2021,
    equation 10).

    Args:
        class_frequency: Number or share of the pixels of each class, C; or the file
            that tools/data/class_weights.py wrote, see
            :func:`~mmseg_trash.class_balance.class_frequencies`.
        tau: The factor τ, at least 0; at 0 it is the cross entropy.
        label_smoothing: See the parent.
        class_weight: Weights of the classes, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.

    Raises:
        ValueError: An argument is out of its range.
        DataError: The file of the classes has a fault.
    """

    log_prior: Tensor

    def __init__(
        self,
        class_frequency: ClassWeight,
        tau: float = 1.0,
        label_smoothing: float = 0.0,
        class_weight: ClassWeight = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_balanced_softmax',
    ) -> None:
        super().__init__(label_smoothing, class_weight, loss_weight, loss_name)
        check_range('tau', tau)
        self.tau = tau
        shares = torch.tensor(class_frequencies(class_frequency), dtype=torch.float64)
        self.register_buffer('log_prior', shares.log().float(), persistent=False)

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'tau={self.tau}, {super().extra_repr()}'

    def _values(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Compute the cross entropy of each pixel under the shifted logits."""
        prior = self.log_prior.to(log_probs.dtype).view(1, -1, 1, 1)
        return super()._values((log_probs + self.tau * prior).log_softmax(1), target)

    def _check(
        self, logits: Tensor, label: Tensor, weight: Tensor | None, reduction: str
    ) -> None:
        """Raise a ValueError when the arguments of ``forward`` do not fit."""
        super()._check(logits, label, weight, reduction)
        if len(self.log_prior) != logits.shape[1]:
            raise ValueError(
                f'class_frequency has {len(self.log_prior)} numbers for '
                f'{logits.shape[1]} classes'
            )
