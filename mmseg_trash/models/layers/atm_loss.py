"""Loss of masks that belong to fixed classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .full_precision import full_precision
from .mask_classification import mask_targets
from .mask_losses import dice_loss, focal_loss, mean_count

# sigmoid(-1e4) is 0, and so are loss and gradient of a pixel that shall not count.
_NEVER = -1e4


@dataclass(frozen=True)
class ATMTargets:
    """What the tokens of a batch shall give; M pairs of an image and a class in it.

    Attributes:
        classes: Class of each token, (B, K), int64: token i has class i where image b
            shows it, and K ("no object") elsewhere.
        counts: (B, K) float32, 0 for the tokens of images without a labelled pixel,
            which say nothing about their classes, else 1.
        images: Image of each pair, (M,), int64.
        tokens: Class and token of each pair, (M,), int64.
        masks: Binary mask of each pair, (M, H, W), float32.
        valid: Pixels that have a label, (B, H, W), bool.
    """

    classes: Tensor
    counts: Tensor
    images: Tensor
    tokens: Tensor
    masks: Tensor
    valid: Tensor


def atm_targets(
    labels: Sequence[Tensor], num_classes: int, ignore_index: int = 255
) -> ATMTargets:
    """Turn label maps into the tokens' targets.

    Args:
        labels: Label maps, (1, H, W) or (H, W) each, all of one size.
        num_classes: Number of classes K, and of tokens.
        ignore_index: Label that belongs to no class.

    Raises:
        ValueError: A label is neither a class nor ``ignore_index``.
    """
    pairs = [mask_targets(label, num_classes, ignore_index) for label in labels]
    tokens = torch.cat([present for _, present in pairs])
    numbers = torch.arange(len(pairs), device=tokens.device)
    lengths = torch.tensor([len(p) for _, p in pairs], device=tokens.device)
    images = numbers.repeat_interleave(lengths)
    classes = tokens.new_full((len(pairs), num_classes), num_classes)
    classes[images, tokens] = tokens
    counts = (lengths > 0).float()[:, None].expand_as(classes)
    maps = torch.stack([label.reshape(label.shape[-2:]) for label in labels])
    masks = torch.cat([masks for masks, _ in pairs])
    return ATMTargets(classes, counts, images, tokens, masks, maps != ignore_index)


def atm_losses(
    class_logits: Tensor,
    mask_logits: Tensor,
    targets: ATMTargets,
    no_object_weight: float = 0.1,
    align_corners: bool = False,
) -> dict[str, Tensor]:
    """Compare classes and masks with an image's; token i can only stand for class i.

    As in SegViT (Zhang et al. 2022, arXiv:2210.05844, eq. 4) without matching. Only
    the masks of classes that an image shows count, at the labels' size. Pixels without
    a label are left out, where the paper has none.

    Args:
        class_logits: (B, K, K + 1), the last for "no object".
        mask_logits: (B, K, h, w).
        targets: See :func:`atm_targets`.
        no_object_weight: Weight of the tokens whose class is absent.
        align_corners: Of the resizing of the masks.

    Returns:
        Scalars, float32, before their weights: ``loss_cls``, cross entropy, the
        weighted mean over the tokens; ``loss_mask``, focal loss, the mean over the
        pixels and the sum over the masks divided by their number, which is the mean
        over the processes, at least 1; ``loss_dice``, dice, likewise.
    """
    with full_precision(class_logits):
        class_logits, mask_logits = class_logits.float(), mask_logits.float()
        entropy = F.cross_entropy(
            class_logits.flatten(0, 1), targets.classes.flatten(), reduction='none'
        )
        absent = targets.classes == class_logits.shape[1]
        weight = targets.counts * torch.where(absent, no_object_weight, 1.0)
        total = weight.sum()
        loss_cls = (entropy * weight.flatten()).sum() / torch.where(total > 0, total, 1)
        number = mean_count(len(targets.tokens), class_logits.device)
        if len(targets.tokens) == 0:
            zero = 0 * mask_logits.sum()
            return dict(loss_cls=loss_cls, loss_mask=zero, loss_dice=zero)
        logits = F.interpolate(
            mask_logits[targets.images, targets.tokens][:, None],
            targets.masks.shape[-2:],
            mode='bilinear',
            align_corners=align_corners,
        ).flatten(1)
        valid = targets.valid[targets.images].flatten(1)
        logits = logits.masked_fill(~valid, _NEVER)
        masks = targets.masks.flatten(1)
        focal = focal_loss(logits, masks).sum(1) / valid.sum(1)
        return dict(
            loss_cls=loss_cls,
            loss_mask=focal.sum() / number,
            loss_dice=dice_loss(logits, masks).sum() / number,
        )
