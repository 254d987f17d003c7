"""Cross entropy with label smoothing that knows ignored pixels."""

from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import PixelLoss, check_range
from .functional import cross_entropy, masked_log_probs, pixel_weights


@MODELS.register_module()
class SoftCrossEntropyLoss(PixelLoss):
    """Cross entropy with the target (1 - ε)·y + ε/C, averaged over the valid pixels.

    Gives the numbers of ``torch.nn.functional.cross_entropy`` with ``weight``,
    ``label_smoothing`` and ``ignore_index`` (Szegedy et al., "Rethinking the Inception
    Architecture for Computer Vision", 2016, section 7). mmseg's ``CrossEntropyLoss``
    has no smoothing, divides by the ignored pixels too, and fails with class weights
    and ``avg_non_ignore``.

    Instead of label maps it takes probabilities q, (N, C, H, W) floats: the target is
    then (1 - ε)·q + ε/C, pixels with q = 0 in all classes are left out, and a pixel's
    weight in the mean is Σ_c w_c·q_c, so that one-hot probabilities give the loss of
    their label map. No decode head of mmseg hands probabilities over;
    ``SoftLabelEncoderDecoder`` does.

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
            seg_logits: See the parent.
            seg_label: Label maps as the parent has them, or probabilities, (N, C, H,
                W), that sum to 1, or to 0 where a pixel is left out.
            weight: See the parent.
            avg_factor: See the parent.
            ignore_index: Of label maps.
            reduction_override: See the parent; None or ``'mean'`` for probabilities.
            **kwargs: Not used.

        Returns:
            A scalar, see the parent.

        Raises:
            ValueError: See the parent, or probabilities are of another shape than the
                logits.
        """
        if not seg_label.is_floating_point():
            return super().forward(
                seg_logits,
                seg_label,
                weight,
                avg_factor,
                ignore_index,
                reduction_override,
            )
        if seg_label.shape != seg_logits.shape:
            raise ValueError(
                f'probabilities of the shape {tuple(seg_label.shape)} for logits of '
                f'the shape {tuple(seg_logits.shape)}'
            )
        self._check(seg_logits, seg_label[:, 0], weight, reduction_override or 'mean')
        if reduction_override not in (None, 'mean'):
            raise ValueError(
                f'probabilities allow the mean alone, got {reduction_override!r}'
            )
        with torch.autocast(device_type=seg_logits.device.type, enabled=False):
            loss = self._soft(seg_logits, seg_label, weight, avg_factor)
            return self.loss_weight * loss

    def _soft(
        self,
        logits: Tensor,
        probs: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
    ) -> Tensor:
        """Compute the loss against probabilities."""
        valid = probs.sum(dim=1) > 0
        if weight is not None:
            valid = valid & (weight > 0)
        log_probs = masked_log_probs(logits, valid)
        target = probs.to(log_probs.dtype)
        mixed = (1 - self.label_smoothing) * target
        mixed = mixed + self.label_smoothing / probs.shape[1]
        weights = pixel_weights(valid, weight, log_probs.dtype)
        of_classes = self.effective_class_weight()
        if of_classes is not None:
            scale = of_classes.to(log_probs.dtype).view(1, -1, 1, 1)
            mixed, target = mixed * scale, target * scale
        values = -(mixed * log_probs).sum(dim=1) * weights
        total = torch.as_tensor(
            (target.sum(dim=1) * weights).sum() if avg_factor is None else avg_factor
        )
        return values.sum() / torch.where(total > 0, total, 1)

    def _values(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Compute the cross entropy of each pixel."""
        weights = self.effective_class_weight()
        return cross_entropy(log_probs, target, weights, self.label_smoothing)
