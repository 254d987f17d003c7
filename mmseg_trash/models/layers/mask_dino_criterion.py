"""MaskDINO's matching and losses."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .boxes import corners, generalized_iou
from .mask_dino_decoder import Decoded, Prediction
from .mask_dino_denoising import Denoising, Target
from .mask_losses import (
    assign,
    cross_entropy_cost,
    cross_entropy_loss,
    dice_cost,
    dice_loss,
    focal_cost,
    focal_loss,
    mean_count,
)
from .point_sampling import sample_points, uncertain_points

Pairs = list[tuple[Tensor, Tensor]]
Losses = dict[str, Tensor]
WEIGHTS = dict(cls=4.0, mask=5.0, dice=5.0, box=5.0, giou=2.0)
"""The authors' weights; also the names of the losses."""


class MaskDINOCriterion:
    """Pair queries with targets and compare the pairs (Li et al. 2023, section 3.5).

    Not a module: it has no parameters and leaves nothing in a state dict.

    Args:
        num_classes: Number of classes.
        weights: Weight of each of :data:`WEIGHTS`, in the losses and in the costs.
        no_object: Whether classes are exclusive and end with "no object" (cross
            entropy), or independent (sigmoid focal loss). The cost of matching is the
            focal one in both cases, as the authors have it.
        no_object_weight: Weight of queries without a target in the cross entropy.
        num_points, oversample, share: See :func:`uncertain_points`; matching takes
            ``num_points`` uniform ones.
    """

    def __init__(
        self,
        num_classes: int,
        weights: Mapping[str, float],
        no_object: bool = True,
        no_object_weight: float = 0.1,
        num_points: int = 12544,
        oversample: float = 3.0,
        share: float = 0.75,
    ) -> None:
        if set(weights) != set(WEIGHTS):
            raise ValueError(
                f'loss_weights must name {sorted(WEIGHTS)}, got {sorted(weights)}'
            )
        if num_points < 1 or oversample < 1 or not 0 <= share <= 1:
            raise ValueError(
                'num_points and oversample_ratio must be 1 or more, '
                'importance_sample_ratio from 0 to 1; got '
                f'{num_points}, {oversample} and {share}'
            )
        self.num_classes, self.weights = num_classes, dict(weights)
        self.no_object, self.no_object_weight = no_object, no_object_weight
        self.num_points, self.oversample, self.share = num_points, oversample, share

    def __call__(
        self,
        decoded: Decoded,
        targets: Sequence[Target],
        denoising: Denoising | None = None,
    ) -> Losses:
        """Return all losses, times their weights.

        Args:
            decoded: The predictions.
            targets: One for each image.
            denoising: The queries of ``decoded.denoising``.

        Returns:
            ``loss_cls``, ``loss_mask``, ``loss_dice``, ``loss_box``, ``loss_giou`` of
            the last prediction; of prediction i under ``d{i}.``; of the encoder's
            under ``enc.``; of the denoising queries under ``dn.`` and ``dn.d{i}.``.
        """
        labels = sum(len(t.labels) for t in targets)
        count = mean_count(labels, decoded.queries[-1].masks.device)
        losses: Losses = {}
        last = len(decoded.queries) - 1
        for i, prediction in enumerate(decoded.queries):
            pairs = self.match(prediction, targets)
            prefix = '' if i == last else f'd{i}.'
            losses |= self.compare(prediction, targets, pairs, count, prefix)
        if decoded.encoder is not None:
            pairs = self.match(decoded.encoder, targets)
            losses |= self.compare(decoded.encoder, targets, pairs, count, 'enc.')
        if denoising is not None:
            groups = denoising.groups
            pairs = denoising.pairs(targets)
            for i, prediction in enumerate(decoded.denoising):
                # Learned queries know nothing of the image yet, nor do these beside.
                if i == 0 and decoded.initial and decoded.encoder is None:
                    continue
                prefix = 'dn.' if i == last else f'dn.d{i}.'
                losses |= self.compare(
                    prediction, targets, pairs, count * groups, prefix, groups
                )
        return losses

    @torch.no_grad()
    def costs(self, prediction: Prediction, index: int, target: Target) -> Tensor:
        """Return what it costs to give each query of an image each target, (Q, N)."""
        classes, masks, boxes = (t[index].float() for t in prediction)
        points = torch.rand(self.num_points, 2, device=masks.device)
        logits = sample_points(masks, points)
        truth = sample_points(target.masks, points)
        parts = dict(
            cls=focal_cost(classes, target.labels),
            mask=cross_entropy_cost(logits, truth),
            dice=dice_cost(logits, truth),
            box=(boxes[:, None] - target.boxes).abs().sum(-1),
            giou=-generalized_iou(corners(boxes)[:, None], corners(target.boxes)),
        )
        return torch.stack([self.weights[k] * v for k, v in parts.items()]).sum(0)

    def match(self, prediction: Prediction, targets: Sequence[Target]) -> Pairs:
        """Return, for each image, queries and the targets that they are to predict."""
        pairs = []
        for i, target in enumerate(targets):
            if len(target.labels):
                pairs.append(assign(self.costs(prediction, i, target)))
            else:
                nobody = target.labels.new_zeros(0)
                pairs.append((nobody, nobody))
        return pairs

    def compare(
        self,
        prediction: Prediction,
        targets: Sequence[Target],
        pairs: Pairs,
        count: Tensor,
        prefix: str = '',
        groups: int = 1,
    ) -> Losses:
        """Return the losses of one prediction, times their weights.

        Args:
            prediction: What the queries predict.
            targets: One for each image.
            pairs: Queries and targets of each image.
            count: What sums over pairs are divided by.
            prefix: Put before the names.
            groups: How many times ``pairs`` go through the targets of each image.
        """
        classes, masks, boxes = (t.float() for t in prediction)
        batch = torch.cat([torch.full_like(q, i) for i, (q, _) in enumerate(pairs)])
        query = torch.cat([queries for queries, _ in pairs])
        labels = torch.cat([t.labels[j] for t, (_, j) in zip(targets, pairs)])
        losses = dict(cls=self._classes(classes, (batch, query), labels, count))
        if len(query):
            losses |= self._masks(masks[batch, query], targets, pairs, count, groups)
            truth = torch.cat([t.boxes[j] for t, (_, j) in zip(targets, pairs)])
            found = boxes[batch, query]
            overlap = generalized_iou(corners(found), corners(truth))
            losses['box'] = (found - truth).abs().sum() / count
            losses['giou'] = (1 - overlap).sum() / count
        else:
            # Zeros that reach every parameter, which distributed training asks for.
            losses |= dict.fromkeys(('mask', 'dice'), 0 * masks.sum())
            losses |= dict.fromkeys(('box', 'giou'), 0 * boxes.sum())
        return {f'{prefix}loss_{k}': self.weights[k] * v for k, v in losses.items()}

    def _classes(
        self,
        logits: Tensor,
        where: tuple[Tensor, Tensor],
        labels: Tensor,
        count: Tensor,
    ) -> Tensor:
        truth = torch.full(logits.shape[:2], self.num_classes, device=logits.device)
        truth[where] = labels
        if self.no_object:
            weight = logits.new_ones(self.num_classes + 1)
            weight[-1] = self.no_object_weight
            return F.cross_entropy(logits.flatten(0, 1), truth.flatten(), weight)
        one_hot = F.one_hot(truth, self.num_classes + 1)[..., :-1]
        return focal_loss(logits, one_hot.to(logits)).sum() / count

    def _masks(
        self,
        logits: Tensor,
        targets: Sequence[Target],
        pairs: Pairs,
        count: Tensor,
        groups: int,
    ) -> Losses:
        points = uncertain_points(logits, self.num_points, self.oversample, self.share)
        truth = []
        split = points.split([len(j) for _, j in pairs])
        for target, (_, j), places in zip(targets, pairs, split):
            if len(j) == 0:
                continue
            # Pairs of all groups read the same masks, so these are not repeated.
            tiles = places.unflatten(0, (groups, -1)).transpose(0, 1).flatten(1, 2)
            values = sample_points(target.masks[j[: len(tiles)]], tiles)
            truth.append(
                values.unflatten(1, (groups, -1)).transpose(0, 1).flatten(0, 1)
            )
        found, wanted = sample_points(logits, points), torch.cat(truth)
        return dict(
            mask=cross_entropy_loss(found, wanted).sum() / count,
            dice=dice_loss(found, wanted).sum() / count,
        )
