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


def pixel_weights(valid: Tensor, weight: Tensor | None, dtype: torch.dtype) -> Tensor:
    """How much each pixel counts.

    Args:
        valid: Booleans, N x H x W; other pixels count as 0.
        weight: Weights of the pixels, N x H x W; 1 when None.
        dtype: Floating type of the result.

    Returns:
        N x H x W.
    """
    if weight is None:
        return valid.to(dtype)
    return torch.where(valid, weight.to(dtype), 0)


def is_class(label: Tensor, num_classes: int) -> Tensor:
    """One-hot coding that takes any label: ignored pixels belong to no class.

    Args:
        label: Label maps, integers, N x H x W.
        num_classes: Number of classes C.

    Returns:
        Booleans, N x C x H x W.
    """
    classes = torch.arange(num_classes, device=label.device).view(1, -1, 1, 1)
    return label.unsqueeze(1) == classes


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
    counts = pixel_weights(valid, weight, probs.dtype).unsqueeze(1)
    one_hot = is_class(label, probs.shape[1]) * counts
    intersection = (probs * one_hot).sum(dim=(2, 3))
    prediction = (probs * counts).sum(dim=(2, 3))
    return intersection, prediction, one_hot.sum(dim=(2, 3))


def tversky_loss(
    intersection: Tensor,
    prediction: Tensor,
    truth: Tensor,
    alpha: float,
    beta: float,
    smooth: float,
) -> Tensor:
    """Turn soft statistics into 1 - the Tversky index of each class.

    The index is (I + s) / (I + α·FP + β·FN + s) with FP = P - I and FN = T - I: the IoU
    at α = β = 1, the Dice at α = β = 1/2.

    Args:
        intersection: Soft intersections I, rows x C.
        prediction: Sums of the probabilities P, rows x C.
        truth: Sums of the truth T, rows x C.
        alpha: Weight of the false positives, at least 0.
        beta: Weight of the false negatives, at least 0; it or ``smooth`` is above 0.
        smooth: The number s, in pixels, at least 0.

    Returns:
        rows x C, in [0, 1]; of no meaning, but finite, where T is 0.
    """
    false_positives, false_negatives = prediction - intersection, truth - intersection
    divisor = intersection + alpha * false_positives + beta * false_negatives + smooth
    # A class that is absent may have the divisor 0.
    return 1 - (intersection + smooth) / torch.where(truth > 0, divisor, 1)


def mean_of_present(
    losses: Tensor, truth: Tensor, class_weight: Tensor | None = None
) -> Tensor:
    """Average the losses of the classes of the truth.

    Classes absent from the truth are left out: no prediction could do well on them.

    Args:
        losses: Loss of each class, finite, rows x C.
        truth: Pixels of each class, rows x C; 0 where it is absent.
        class_weight: Weights of the classes in a row's mean, C; all equal when None.

    Returns:
        A scalar: the mean over the rows that hold a class, 0 when none does.
    """
    weights = (truth > 0).to(losses.dtype)
    if class_weight is not None:
        weights = weights * class_weight.to(losses.dtype)
    total = weights.sum(dim=1)
    rows = (losses * weights).sum(dim=1) / torch.where(total > 0, total, 1)
    return rows.sum() / (total > 0).sum().clamp(min=1)


def cross_entropy(
    log_probs: Tensor,
    target: Tensor,
    class_weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross entropy of each pixel, as torch defines it with weights and smoothing.

    With the weights w and the smoothing ε it is
    (1 - ε)·w_y·(-log p_y) + ε/C · Σ_c w_c·(-log p_c).

    Args:
        log_probs: Log of the probabilities, N x C x H x W.
        target: Label maps in [0, C), int64, N x H x W.
        class_weight: Weights of the classes, C.
        label_smoothing: The number ε, in [0, 1).

    Returns:
        N x H x W in the type of ``log_probs``.
    """
    weights = None if class_weight is None else class_weight.to(log_probs.dtype)
    values = F.nll_loss(log_probs, target, weight=weights, reduction='none')
    if label_smoothing:
        spread = log_probs if weights is None else log_probs * weights.view(1, -1, 1, 1)
        share = label_smoothing / log_probs.shape[1]
        values = (1 - label_smoothing) * values - share * spread.sum(dim=1)
    return values


def reduce_pixels(
    values: Tensor,
    weights: Tensor,
    target: Tensor,
    class_weight: Tensor | None = None,
    avg_factor: float | Tensor | None = None,
    reduction: str = 'mean',
) -> Tensor:
    """Reduce the losses of the pixels.

    The mean is the weighted one: the weighted sum over the sum of the weights, where a
    pixel weighs ``weights`` times the class weight of its true class. Scaling all
    weights changes nothing.

    Args:
        values: Loss of each pixel, times its class weight, N x H x W.
        weights: Weights of the pixels, 0 where they are ignored, N x H x W.
        target: Label maps in [0, C), int64, N x H x W.
        class_weight: Weights of the classes, C.
        avg_factor: Divide by this instead of by the sum of the weights.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.

    Returns:
        A scalar, 0 (with a gradient of 0) when no pixel has a weight; for ``'none'``
        N x H x W, 0 where pixels are ignored.
    """
    values = values * weights
    if reduction == 'none':
        return values
    if reduction == 'sum':
        return values.sum()
    total: float | Tensor
    if avg_factor is not None:
        total = avg_factor
    elif class_weight is not None:
        total = (weights * class_weight.to(weights.dtype)[target]).sum()
    else:
        total = weights.sum()
    divisor = torch.as_tensor(total, dtype=values.dtype, device=values.device)
    return values.sum() / torch.where(divisor > 0, divisor, 1)
