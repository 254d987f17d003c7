"""Soft IoU (Jaccard) loss that knows ignored pixels and absent classes."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from .functional import (
    masked_log_probs,
    soft_iou_loss,
    soft_statistics,
    valid_pixels,
)


@MODELS.register_module()
class SoftIoULoss(nn.Module):
    """One minus the soft IoU of the softmax, averaged over the classes of the truth.

    Differentiable, unlike a loss over the argmax; see Rahman and Wang, "Optimizing
    Intersection-Over-Union in Deep Neural Networks for Image Segmentation", 2016.
    Called as mmseg's decode heads call their losses. Computed in float32, inside
    autocast too; a batch without a valid pixel gives 0 with a gradient of 0. Finite
    logits never give NaN; infinite ones of valid pixels are not hidden, so that a loss
    scaler sees them.

    Args:
        class_weight: Weights of the classes in the mean of their losses, C numbers; all
            equal when None.
        per_image: Take the statistics of each image, and the mean over the images,
            instead of the statistics of the batch.
        smooth: Pixels added to intersection and union, at least 0.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``, or mmengine leaves it out
            of the sum that is differentiated.
    """

    class_weight: Tensor | None

    def __init__(
        self,
        class_weight: Sequence[float] | None = None,
        per_image: bool = False,
        smooth: float = 1.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_soft_iou',
    ) -> None:
        super().__init__()
        for name, value in (('smooth', smooth), ('loss_weight', loss_weight)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f'{name} must be finite and at least 0, got {value}')
        if not loss_name.startswith('loss_'):
            raise ValueError(f"loss_name must begin with 'loss_', got {loss_name!r}")
        weights = None
        if class_weight is not None:
            weights = torch.tensor(class_weight, dtype=torch.float32)
            if not (weights.isfinite().all() and (weights >= 0).all()):
                raise ValueError(
                    f'class_weight must be finite and at least 0, got {class_weight}'
                )
        self.register_buffer('class_weight', weights, persistent=False)
        self.per_image = per_image
        self.smooth = smooth
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    @property
    def loss_name(self) -> str:
        """Name of this loss in the dictionary of losses."""
        return self._loss_name

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'per_image={self.per_image}, smooth={self.smooth}'

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
                the sum of the pixels' weights; the IoU has none.
            ignore_index: Label of the pixels to leave out.
            reduction_override: None or ``'mean'``.
            **kwargs: Further arguments of mmseg's calls, not used.

        Returns:
            A scalar, float32 (float64 for float64 logits).

        Raises:
            ValueError: Shapes do not fit, a label is out of range (seen on the CPU
                only), or a reduction other than the mean is asked for.
        """
        self._check(seg_logits, seg_label, weight, reduction_override)
        with torch.autocast(device_type=seg_logits.device.type, enabled=False):
            valid = valid_pixels(seg_label, seg_logits.shape[1], ignore_index)
            if weight is not None:
                valid = valid & (weight > 0)
            log_probs = masked_log_probs(seg_logits, valid)
            loss = self._loss(log_probs, seg_label, valid, weight, avg_factor)
            return self.loss_weight * loss

    def _loss(
        self,
        log_probs: Tensor,
        label: Tensor,
        valid: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
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
        return soft_iou_loss(
            *statistics, class_weight=self.class_weight, smooth=self.smooth
        )

    def _check(
        self,
        logits: Tensor,
        label: Tensor,
        weight: Tensor | None,
        reduction_override: str | None,
    ) -> None:
        """Raise a ValueError when the arguments of ``forward`` do not fit."""
        pixels = (logits.shape[0], *logits.shape[2:])
        for name, value in (('seg_label', label), ('weight', weight)):
            if value is not None and tuple(value.shape) != pixels:
                raise ValueError(
                    f'{name} has the shape {tuple(value.shape)}, expected {pixels} '
                    f'for logits of the shape {tuple(logits.shape)}'
                )
        if self.class_weight is not None and len(self.class_weight) != logits.shape[1]:
            raise ValueError(
                f'class_weight has {len(self.class_weight)} numbers for '
                f'{logits.shape[1]} classes'
            )
        if reduction_override not in (None, 'mean'):
            raise ValueError(
                f'{type(self).__name__} has no value per pixel: reduction_override '
                f"must be None or 'mean', got {reduction_override!r}"
            )
