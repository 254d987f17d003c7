"""Lovász-softmax loss that knows ignored pixels and pixel weights."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ..class_balance import ClassWeight
from .base import SegLoss
from .functional import is_class, mean_of_present, pixel_weights


@MODELS.register_module()
class LovaszSoftmaxLoss(SegLoss):
    """The Lovász extension of the Jaccard loss, averaged over the classes of the truth.

    Berman et al., "The Lovász-Softmax loss", 2018, equations 8, 9 and 11. mmseg's
    ``LovaszLoss`` gives NaN for a batch that is all ignored, fails on one with a single
    valid pixel or, per image, on one with an ignored image, and knows no pixel weights.

    Args:
        class_weight: Weights of the classes in the mean of their losses, see
            :class:`~mmseg_trash.losses.base.SegLoss`.
        per_image: Take each image by itself, and the mean over the images, instead of
            the pixels of the batch together.
        loss_weight: Factor on the result.
        loss_name: Name in the log; must begin with ``loss_``.
    """

    def __init__(
        self,
        class_weight: ClassWeight = None,
        per_image: bool = False,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_lovasz_softmax',
    ) -> None:
        super().__init__(class_weight, loss_weight, loss_name)
        self.per_image = per_image

    def extra_repr(self) -> str:
        """Name the options in the printed module."""
        return f'per_image={self.per_image}'

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
        probs = log_probs.exp()
        truth = is_class(label, probs.shape[1])
        errors = torch.where(truth, 1 - probs, probs)
        counts = pixel_weights(valid, weight, probs.dtype)
        # rows x C x pixels: a row for the batch, or for each image
        errors, truth = errors.flatten(2), truth.flatten(2)
        counts = counts.flatten(1)
        if not self.per_image:
            errors = errors.transpose(0, 1).flatten(1).unsqueeze(0)
            truth = truth.transpose(0, 1).flatten(1).unsqueeze(0)
            counts = counts.flatten().unsqueeze(0)
        slopes = torch.stack(
            [
                lovasz_slopes(error, true, count)
                for errors_of_row, truth_of_row, count in zip(errors, truth, counts)
                for error, true in zip(errors_of_row, truth_of_row)
            ]
        )
        losses = (errors * slopes.view_as(errors)).sum(dim=2)
        present = (truth * counts.unsqueeze(1)).sum(dim=2)
        return mean_of_present(losses, present, self.effective_class_weight())


@torch.no_grad()
def lovasz_slopes(errors: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """Slope of the Lovász extension of the Jaccard loss at some errors.

    Sorted by error, the slope of a pixel is what it adds to 1 - IoU when it joins the
    wrong pixels (algorithm 1 of the paper). A pixel that counts n times has the slope
    of n equal pixels together, and one that counts 0 times the slope 0.

    Args:
        errors: Errors of one class, P, in [0, 1].
        truth: Booleans, P.
        counts: How much each pixel counts, P, at least 0.

    Returns:
        P in the type of ``errors``; finite, but of no meaning, without truth.
    """
    total = (counts * truth).sum()
    # The sort takes most of the time; on a GPU the look would stop the queue.
    if errors.device.type == 'cpu' and not total:
        return torch.zeros_like(errors)
    order = errors.argsort(descending=True)
    weights = counts[order]
    true_weights = weights * truth[order]
    union = total + (weights - true_weights).cumsum(0)
    jaccard = 1 - (total - true_weights.cumsum(0)) / torch.where(total > 0, union, 1)
    slopes = torch.empty_like(errors)
    slopes[order] = torch.diff(jaccard, prepend=jaccard.new_zeros(1))
    return slopes
