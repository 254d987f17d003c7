"""Cross entropy weighted by how hard the classes are."""

import math
from collections.abc import Sequence

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import check_range
from .soft_cross_entropy_loss import SoftCrossEntropyLoss


@MODELS.register_module()
class CDBLoss(SoftCrossEntropyLoss):
    """Cross entropy whose class weights follow the last evaluation.

    Class-wise difficulty balanced loss (Sinha et al., "Class-Wise Difficulty-Balanced
    Loss for Solving Class-Imbalance", ACCV 2020). A class that is found with the
    accuracy A has the difficulty d = 1 - A and the weight d^τ, scaled to the mean 1.
    All weights are 1 until ``CDBHook`` brings the first accuracies. They stand in a
    buffer, so that a checkpoint keeps them.

    Args:
        num_classes: Number of classes C.
        tau: The exponent τ, at least 0; ``'dynamic'`` takes it from the spread of the
            accuracies, 2·σ(max A / (min A + .01) - 1), between .5 and 2.
        min_difficulty: The least difficulty, in (0, 1]: a class that is always found
            keeps a weight.
        label_smoothing: See the parent.
        class_weight: Further weights of the classes, multiplied with those of the
            difficulty, see :class:`~mmseg_trash.losses.base.SegLoss`.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    difficulty_weight: Tensor

    def __init__(
        self,
        num_classes: int,
        tau: float | str = 'dynamic',
        min_difficulty: float = 1e-3,
        label_smoothing: float = 0.0,
        class_weight: ClassWeight = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_cdb',
    ) -> None:
        super().__init__(label_smoothing, class_weight, loss_weight, loss_name)
        if num_classes < 1:
            raise ValueError(f'num_classes must be at least 1, got {num_classes}')
        if self.class_weight is not None and len(self.class_weight) != num_classes:
            raise ValueError(
                f'class_weight has {len(self.class_weight)} numbers for '
                f'{num_classes} classes'
            )
        if isinstance(tau, str):
            if tau != 'dynamic':
                raise ValueError(f"tau must be a number or 'dynamic', got {tau!r}")
        else:
            check_range('tau', tau)
        check_range('min_difficulty', min_difficulty, high=1.0)
        if not min_difficulty:
            raise ValueError('min_difficulty must be above 0')
        self.tau = tau
        self.min_difficulty = min_difficulty
        self.register_buffer('difficulty_weight', torch.ones(num_classes))

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'tau={self.tau}, {super().extra_repr()}'

    def effective_class_weight(self) -> Tensor:
        """Weights of the classes in use now, float32, C."""
        if self.class_weight is None:
            return self.difficulty_weight
        return self.difficulty_weight * self.class_weight

    @torch.no_grad()
    def set_accuracies(self, accuracies: Sequence[float]) -> float:
        """Set the weights from an evaluation.

        Args:
            accuracies: Share of each class's pixels that were found, or its IoU, C
                numbers in [0, 1]; NaN where the evaluation did not see the class, which
                then gets the mean difficulty of the others. All NaN changes nothing.

        Returns:
            The exponent τ that was used.

        Raises:
            ValueError: Another number of accuracies, or one out of its range.
        """
        values = torch.as_tensor(accuracies, dtype=torch.float64)
        known = values[~values.isnan()]
        if values.shape != self.difficulty_weight.shape or not (
            ((known >= 0) & (known <= 1)).all()
        ):
            raise ValueError(
                f'expected {len(self.difficulty_weight)} accuracies in [0, 1] or NaN, '
                f'got {values.tolist()}'
            )
        tau = self._exponent(known)
        if len(known):
            difficulty = 1 - torch.where(values.isnan(), known.mean(), values)
            weights = difficulty.clamp(min=self.min_difficulty) ** tau
            self.difficulty_weight.copy_(weights * (len(weights) / weights.sum()))
        return tau

    def _exponent(self, accuracies: Tensor) -> float:
        """Return τ for the accuracies of the classes that were seen."""
        if not isinstance(self.tau, str):
            return self.tau
        if not len(accuracies):
            return 1.0
        spread = accuracies.max().item() / (accuracies.min().item() + 0.01) - 1
        return 2 / (1 + math.exp(-spread))
