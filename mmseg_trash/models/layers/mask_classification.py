"""Targets and results of heads that classify masks."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .full_precision import full_precision


def check_queries(num_queries: int, num_classes: int) -> None:
    """Warn of a head that cannot find all classes in one image.

    Raises:
        ValueError: There are no queries.
    """
    if num_queries < 1:
        raise ValueError(f'num_queries must be positive, got {num_queries}')
    if num_queries < num_classes:
        warnings.warn(
            f'{num_queries} queries find at most as many of the {num_classes} classes '
            'in one image',
            stacklevel=3,
        )


def mask_targets(
    label: Tensor, num_classes: int, ignore_index: int = 255
) -> tuple[Tensor, Tensor]:
    """Turn a label map into one binary mask per class that is present.

    Args:
        label: The label map, (1, H, W) or (H, W), integers.
        num_classes: Number of classes.
        ignore_index: Label that belongs to no class.

    Returns:
        The masks, (N, H, W) float32 of 0 and 1, and their classes, (N,) int64 in
        ascending order; N may be 0.

    Raises:
        ValueError: A label is neither a class nor ``ignore_index``.
    """
    label = label.reshape(label.shape[-2:])
    classes = label.unique().long()
    classes = classes[classes != ignore_index]
    wrong = classes[(classes < 0) | (classes >= num_classes)]
    if len(wrong):
        raise ValueError(
            f'the label map holds {wrong.tolist()}; labels are 0 to {num_classes - 1} '
            f'and {ignore_index}'
        )
    return (label == classes[:, None, None]).float(), classes


def output_size(meta: Mapping[str, Any]) -> tuple[int, int]:
    """Return the height and width that a head's prediction shall have.

    Args:
        meta: ``img_shape`` and perhaps ``pad_shape`` of an image, in pixels.
    """
    size = meta['img_shape']
    # mmseg's sliding window hands the window's size over as a torch.Size.
    if not isinstance(size, torch.Size):
        size = meta.get('pad_shape', size)[:2]
    return size


def semantic_probs(
    class_logits: Tensor,
    mask_logits: Tensor,
    size: Sequence[int],
    align_corners: bool = False,
) -> Tensor:
    """Add up class probability times mask probability over the queries.

    Semantic inference of MaskFormer (Cheng et al. 2021, arXiv:2107.06278, section 3.4),
    divided by its sum over the classes: that changes no label of a single prediction,
    and lets views and models be averaged as probabilities.

    Args:
        class_logits: (B, queries, classes + 1), the last for "no object".
        mask_logits: (B, queries, h, w).
        size: Height and width wanted; the mask logits are resized to it.
        align_corners: Of the resizing.

    Returns:
        (B, classes, H, W) float32, from 0 to 1; 1 in sum over the classes.
    """
    probs = class_logits.float().softmax(-1)[..., :-1]
    images = []
    with full_precision(probs):
        # One image after the other: queries times pixels are many numbers.
        for prob, mask in zip(probs, mask_logits.float()):
            mask = F.interpolate(
                mask[None], tuple(size), mode='bilinear', align_corners=align_corners
            )[0]
            images.append(torch.einsum('qc,qhw->chw', prob, mask.sigmoid()))
    total = torch.stack(images)
    least = torch.finfo(total.dtype).tiny
    return total / total.sum(1, keepdim=True).clamp_min(least)
