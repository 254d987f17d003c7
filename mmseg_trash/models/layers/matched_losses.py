"""Losses of heads whose queries are matched with the classes of each image."""

from collections.abc import Mapping, Sequence

from mmseg.utils import SampleList
from torch import Tensor, nn

from .full_precision import full_precision
from .mask_classification import mask_targets

_NAMES = dict(
    loss_cross_entropy='loss_cls', loss_mask='loss_mask', loss_dice='loss_dice'
)


def matched_losses(
    criterion: nn.Module,
    classes: Sequence[Tensor],
    masks: Sequence[Tensor],
    samples: SampleList,
    num_classes: int,
    ignore_index: int,
    weights: Mapping[str, float],
) -> dict[str, Tensor]:
    """Match every prediction with the classes of each image and compare them.

    Args:
        criterion: See :func:`.mask2former.build_criterion`.
        classes: Class logits of each prediction, (B, queries, classes + 1).
        masks: Its mask logits, (B, queries, h, w).
        samples: With ``gt_sem_seg``, (1, H, W).
        num_classes: Number of classes.
        ignore_index: Label that belongs to no class.
        weights: Factors of ``loss_cls``, ``loss_mask`` and ``loss_dice``.

    Returns:
        ``loss_cls``, ``loss_mask``, ``loss_dice`` of the last prediction, and the same
        of prediction i under ``d{i}.``, all times their weights.

    Raises:
        ValueError: A label is neither a class nor ``ignore_index``.
    """
    targets = [
        mask_targets(s.gt_sem_seg.data, num_classes, ignore_index) for s in samples
    ]
    pairs = [
        dict(masks_queries_logits=m.float(), class_queries_logits=c.float())
        for c, m in zip(classes, masks)
    ]
    losses: dict[str, Tensor] = {}
    with full_precision(pairs[0]['masks_queries_logits']):
        raw: dict[str, Tensor] = criterion(
            **pairs[-1],
            mask_labels=[found for found, _ in targets],
            class_labels=[found for _, found in targets],
            auxiliary_predictions=pairs[:-1],
        )
    for key, value in raw.items():
        name, _, layer = key.rpartition('_')
        if not layer.isdigit():
            name, layer = key, ''
        own = _NAMES[name]
        losses[f'd{layer}.{own}' if layer else own] = value * weights[own]
    return losses
