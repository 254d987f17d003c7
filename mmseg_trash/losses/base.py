"""What every loss shares: arguments, checks, float32, ignored pixels."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..class_balance import ClassWeight, class_weights
from .functional import (
    masked_log_probs,
    pixel_weights,
    reduce_pixels,
    valid_pixels,
)


def check_range(
    name: str, value: float, low: float = 0.0, high: float = math.inf
) -> None:
    """Raise a ValueError that names the value unless it is finite, in [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        limit = f'at least {low:g}' if high == math.inf else f'in [{low:g}, {high:g}]'
        raise ValueError(f'{name} must be finite and {limit}, got {value}')


class SegLoss(nn.Module):
    """A loss over logits and label maps, called as mmseg's decode heads call theirs.

    Computed in float32, inside autocast too; a batch without a valid pixel gives 0 with
    a gradient of 0. Finite logits never give NaN; infinite ones of valid pixels are not
    hidden, so that a loss scaler sees them. Subclasses implement :meth:`_loss`.

    Args:
        class_weight: Weights of the classes: C numbers at least 0, or the file that
            tools/data/class_weights.py wrote (see :func:`class_weights`); all equal
            when None.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``, or mmengine leaves it out
            of the sum that is differentiated.

    Raises:
        ValueError: An argument is out of its range.
        DataError: The file of class weights has a fault.
    """

    class_weight: Tensor | None
    reductions: Sequence[str] = ('mean',)
    """What ``reduction_override`` may be, besides None."""

    def __init__(
        self, class_weight: ClassWeight, loss_weight: float, loss_name: str
    ) -> None:
        super().__init__()
        check_range('loss_weight', loss_weight)
        if not loss_name.startswith('loss_'):
            raise ValueError(f"loss_name must begin with 'loss_', got {loss_name!r}")
        weights = class_weights(class_weight)
        tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        self.register_buffer('class_weight', tensor, persistent=False)
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    @property
    def loss_name(self) -> str:
        """Name of this loss in the dictionary of losses."""
        return self._loss_name

    def effective_class_weight(self) -> Tensor | None:
        """Weights of the classes in use now, float32, C; None when all are equal."""
        return self.class_weight

    def forward(
        self,
        seg_logits: Tensor,
        seg_label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        ignore_index: int = 255,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Compute the loss of a batch.

        Args:
            seg_logits: N x C x H x W, any floating type.
            seg_label: Label maps, N x H x W, integers in [0, C) or ``ignore_index``.
            weight: How much each pixel counts, N x H x W, at least 0; 0 leaves it out.
            avg_factor: Divisor of the terms that are averages over pixels, in place of
                the sum of the pixels' weights; losses over regions have none.
            ignore_index: Label of the pixels to leave out.
            reduction_override: None or ``'mean'``; losses over pixels know ``'sum'``
                and ``'none'`` too.
            **kwargs: Further arguments of mmseg's calls, not used.

        Returns:
            A scalar, float32 (float64 for float64 logits); N x H x W for ``'none'``.

        Raises:
            ValueError: Shapes do not fit, a label is out of range (seen on the CPU
                only), or the loss does not know the reduction.
        """
        reduction = 'mean' if reduction_override is None else reduction_override
        self._check(seg_logits, seg_label, weight, reduction)
        with torch.autocast(device_type=seg_logits.device.type, enabled=False):
            valid = valid_pixels(seg_label, seg_logits.shape[1], ignore_index)
            if weight is not None:
                valid = valid & (weight > 0)
            log_probs = masked_log_probs(seg_logits, valid)
            loss = self._loss(
                log_probs, seg_label, valid, weight, avg_factor, reduction
            )
            return self.loss_weight * loss

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
        raise NotImplementedError

    def _check(
        self, logits: Tensor, label: Tensor, weight: Tensor | None, reduction: str
    ) -> None:
        """Raise a ValueError when the arguments of ``forward`` do not fit."""
        pixels = (logits.shape[0], *logits.shape[2:])
        for name, value in (('seg_label', label), ('weight', weight)):
            if value is not None and tuple(value.shape) != pixels:
                raise ValueError(
                    f'{name} has the shape {tuple(value.shape)}, expected {pixels} '
                    f'for logits of the shape {tuple(logits.shape)}'
                )
        weights = self.effective_class_weight()
        if weights is not None and len(weights) != logits.shape[1]:
            raise ValueError(
                f'class_weight has {len(weights)} numbers for {logits.shape[1]} classes'
            )
        if reduction not in self.reductions:
            raise ValueError(
                f'{type(self).__name__}: reduction_override must be None or one of '
                f'{tuple(self.reductions)}, got {reduction!r}'
            )


class PixelLoss(SegLoss):
    """A loss that is a weighted mean over the valid pixels.

    Subclasses implement :meth:`_values`. ``reduction_override='none'`` gives a value
    per pixel, by which mmseg's ``OHEMPixelSampler`` picks them.
    """

    reductions = ('mean', 'sum', 'none')

    def _values(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of each pixel, times the class weight: N x H x W.

        Args:
            log_probs: Log of the probabilities, N x C x H x W.
            target: Label maps in [0, C), int64, N x H x W; 0 at ignored pixels.
        """
        raise NotImplementedError

    def _select(self, log_probs: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """Return the weights of the pixels to use: ``weights``, or some set to 0."""
        return weights

    def _loss(
        self,
        log_probs: Tensor,
        label: Tensor,
        valid: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
        reduction: str,
    ) -> Tensor:
        """Average the values of the pixels."""
        target = torch.where(valid, label, 0).long()
        values = self._values(log_probs, target)
        weights = pixel_weights(valid, weight, values.dtype)
        weights = self._select(log_probs, target, weights)
        class_weight = self.effective_class_weight()
        return reduce_pixels(
            values, weights, target, class_weight, avg_factor, reduction
        )
