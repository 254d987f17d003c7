"""The maths that the losses share: plain functions over tensors, nothing registered."""

import torch
import torch.nn.functional as F
from torch import Tensor


def valid_pixels(label: Tensor, num_classes: int, ignore_index: int) -> Tensor:
    """Find the pixels that count.

    Args:
        label: Label maps, integers, any shape.
        num_classes: Number of classes C.
        ignore_index: Label of the pixels to leave out.

    Returns:
        Booleans in the shape of ``label``, False where it is ``ignore_index``.

    Raises:
        ValueError: A label is neither in [0, C) nor ``ignore_index``. It is looked for
            on the CPU only: on a GPU the look would stop the queue at every step.
    """
    valid = label != ignore_index
    if label.device.type == 'cpu':
        wrong = valid & ((label < 0) | (label >= num_classes))
        if wrong.any():
            values = label[wrong].unique().tolist()
            raise ValueError(
                f'the label map holds {values}; expected 0..{num_classes - 1} '
                f'or the ignore index {ignore_index}'
            )
    return valid


def masked_log_probs(logits: Tensor, valid: Tensor) -> Tensor:
    """Log of the softmax, in float32 at least, independent of the pixels left out.

    Args:
        logits: N x C x H x W, any floating type; half types become float32 and float64
            stays.
        valid: Booleans, N x H x W.

    Returns:
        N x C x H x W. Pixels that are not valid hold the uniform distribution and pass
        no gradient, whatever their logits are, NaN included.
    """
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    return torch.where(valid.unsqueeze(1), logits, 0).log_softmax(dim=1)


def soft_statistics(
    probs: Tensor, label: Tensor, valid: Tensor, weight: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Count each class softly, image by image.

    Args:
        probs: Probabilities, N x C x H x W.
        label: Label maps, N x H x W.
        valid: Booleans, N x H x W; other pixels count as 0.
        weight: How much each pixel counts, N x H x W; 1 when None.

    Returns:
        Intersection (sum of p·y), prediction (sum of p) and truth (sum of y), each
        N x C in the type of ``probs``. Sum over N for the statistics of the batch.
    """
    counts = valid.to(probs.dtype)
    if weight is not None:
        counts = torch.where(valid, weight.to(probs.dtype), 0)
    classes = torch.arange(probs.shape[1], device=label.device).view(1, -1, 1, 1)
    one_hot = (label.unsqueeze(1) == classes) * counts.unsqueeze(1)
    intersection = (probs * one_hot).sum(dim=(2, 3))
    prediction = (probs * counts.unsqueeze(1)).sum(dim=(2, 3))
    return intersection, prediction, one_hot.sum(dim=(2, 3))


def soft_iou_loss(
    intersection: Tensor,
    prediction: Tensor,
    truth: Tensor,
    class_weight: Tensor | None = None,
    smooth: float = 1.0,
) -> Tensor:
    """Turn soft statistics into the mean of 1 - IoU over the classes of the truth.

    The soft IoU of a class is (I + s) / (P + T - I + s). Classes absent from the truth
    are left out of the mean: their IoU is 0 for every prediction.

    Args:
        intersection: Soft intersections, rows x C.
        prediction: Sums of the probabilities, rows x C.
        truth: Sums of the truth, rows x C.
        class_weight: Weights of the classes in a row's mean, C; all equal when None.
        smooth: The number s, in pixels, at least 0.

    Returns:
        A scalar in [0, 1]: the mean over the rows that hold a class, 0 when none does.
    """
    union = prediction + truth - intersection
    present = (truth > 0).to(truth.dtype)
    # A class that is absent may have the union 0: divide by 1 and give it no weight.
    divisor = torch.where(truth > 0, union + smooth, 1)
    loss = 1 - (intersection + smooth) / divisor
    weights = present
    if class_weight is not None:
        weights = present * class_weight.to(truth.dtype)
    total = weights.sum(dim=1)
    rows = (loss * weights).sum(dim=1) / torch.where(total > 0, total, 1)
    return rows.sum() / (total > 0).sum().clamp(min=1)


def masked_cross_entropy(
    log_probs: Tensor,
    label: Tensor,
    valid: Tensor,
    class_weight: Tensor | None = None,
    weight: Tensor | None = None,
    avg_factor: float | Tensor | None = None,
) -> Tensor:
    """Average the cross entropy over the valid pixels.

    A pixel weighs ``weight`` of the pixel times ``class_weight`` of its true class, and
    the loss is the weighted mean: the weighted sum over the sum of the weights. Without
    weights that is the mean over the valid pixels, with class weights it is the mean of
    ``torch.nn.functional.cross_entropy``; scaling all weights changes nothing.

    Args:
        log_probs: Log of the probabilities, N x C x H x W.
        label: Label maps, N x H x W.
        valid: Booleans, N x H x W.
        class_weight: Weights of the classes, C.
        weight: Weights of the pixels, N x H x W.
        avg_factor: Divide by this instead of by the sum of the weights.

    Returns:
        A scalar, 0 (with a gradient of 0) when no pixel has a weight.
    """
    target = torch.where(valid, label, 0).long()
    nll = F.nll_loss(log_probs, target, reduction='none')
    counts = valid.to(nll.dtype)
    if class_weight is not None:
        counts = counts * class_weight.to(nll.dtype)[target]
    if weight is not None:
        counts = torch.where(valid, counts * weight.to(nll.dtype), 0)
    total = counts.sum() if avg_factor is None else avg_factor
    divisor = torch.as_tensor(total, dtype=nll.dtype, device=nll.device)
    return (nll * counts).sum() / torch.where(divisor > 0, divisor, 1)
