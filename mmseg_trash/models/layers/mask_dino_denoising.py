"""Denoising: extra queries that know where to look, while training (DN-DETR)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .boxes import mask_boxes
from .mask_classification import mask_targets


@dataclass(frozen=True)
class Target:
    """What one image holds.

    Attributes:
        labels: (N,) int64.
        masks: (N, H, W) float32 of 0 and 1.
        boxes: Boxes around the masks, (centre x, centre y, width, height) as shares of
            the image, (N, 4) float32.
    """

    labels: Tensor
    masks: Tensor
    boxes: Tensor


def target_of(label: Tensor, num_classes: int, ignore_index: int = 255) -> Target:
    """Make one target per class that a label map holds, see :func:`mask_targets`."""
    masks, labels = mask_targets(label, num_classes, ignore_index)
    return Target(labels, masks, mask_boxes(masks.bool()))


@dataclass(frozen=True)
class Denoising:
    """Queries made from the targets, in groups that each hold all targets once.

    Attributes:
        labels: Class of each query, some of them wrong; -1 where the image has fewer
            targets than another one of the batch, (B, groups * size) int64.
        boxes: Shaken boxes (centre x, centre y, width, height) from 0 to 1, (B,
            groups * size, 4).
        groups: Number of groups.
        size: Queries of a group.
    """

    labels: Tensor
    boxes: Tensor
    groups: int
    size: int

    def pairs(self, targets: Sequence[Target]) -> list[tuple[Tensor, Tensor]]:
        """Return the queries of each image and the targets they were made from."""
        found = []
        for target in targets:
            places = torch.arange(len(target.labels), device=target.labels.device)
            start = torch.arange(self.groups, device=places.device)[:, None] * self.size
            found.append(((start + places).flatten(), places.repeat(self.groups)))
        return found


def shaken_labels(labels: Tensor, num_classes: int, share: float) -> Tensor:
    """Exchange a share of the labels for random ones, which may be the right ones.

    Args:
        labels: int64, any shape.
        num_classes: Number of classes.
        share: Probability of an exchange, 0 to 1.
    """
    chosen = torch.rand(labels.shape, device=labels.device) < share
    return torch.where(chosen, torch.randint_like(labels, num_classes), labels)


def shaken_boxes(boxes: Tensor, scale: float) -> Tensor:
    """Move and resize boxes at random.

    Args:
        boxes: (centre x, centre y, width, height) from 0 to 1, (..., 4).
        scale: Centres move by at most ``scale`` times half the size, sizes change by at
            most ``scale`` times themselves.

    Returns:
        The same shape, clamped to 0 to 1.
    """
    reach = torch.cat([boxes[..., 2:] / 2, boxes[..., 2:]], -1)
    noise = torch.rand_like(boxes) * 2 - 1
    return (boxes + noise * reach * scale).clamp(0, 1)


def group_mask(groups: int, size: int, queries: int, device: torch.device) -> Tensor:
    """Say who must not see whom: no group another one, no other query any group.

    Args:
        groups: Number of groups.
        size: Queries of a group.
        queries: Queries after the groups, which all may see.
        device: Where to make it.

    Returns:
        bool (T, T) with T = groups * size + queries, True where the row's query must
        not see the column's.
    """
    group = torch.arange(groups, device=device).repeat_interleave(size)
    group = torch.cat([group, group.new_full((queries,), -1)])
    return (group[:, None] != group) & (group >= 0)


@torch.no_grad()
def make_denoising(
    targets: Sequence[Target], num_classes: int, queries: int, scale: float = 0.4
) -> Denoising | None:
    """Make denoising queries (DN-DETR, Li et al. 2022, arXiv:2203.01305, section 4.3).

    Args:
        targets: One for each image.
        num_classes: Number of classes.
        queries: About how many; there are as many groups as fit.
        scale: Noise of the boxes, see :func:`shaken_boxes`; labels change with half
            this probability.

    Returns:
        The queries; None if no image holds a target, or one holds more than
        ``queries``.
    """
    size = max(len(target.labels) for target in targets)
    groups = queries // size if size else 0
    if not groups:
        return None
    device = targets[0].labels.device
    labels = torch.full((len(targets), size), -1, device=device)
    boxes = torch.zeros(len(targets), size, 4, device=device)
    for i, target in enumerate(targets):
        labels[i, : len(target.labels)] = target.labels
        boxes[i, : len(target.labels)] = target.boxes
    labels, boxes = labels.repeat(1, groups), boxes.repeat(1, groups, 1)
    noisy = torch.where(
        labels < 0, labels, shaken_labels(labels, num_classes, scale / 2)
    )
    return Denoising(noisy, shaken_boxes(boxes, scale), groups, size)
