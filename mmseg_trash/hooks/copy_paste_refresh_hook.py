"""Paste the classes that the last evaluation found weakest."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmseg.registry import HOOKS, METRICS, TRANSFORMS

from ..errors import ConfigError
from ..metainfo import CLASSES
from ..metrics.confusion import iou_from_confusion
from ..transforms.live_weights import LiveWeights
from .dataset_parts import parts, steps

KEY = 'copy_paste_weights'
LEAST = 0.01


def weakest_weights(
    iou: np.ndarray, candidates: np.ndarray, number: int, power: float
) -> np.ndarray:
    """Return weights (1 - IoU)^power of the weakest classes and 0 of all others.

    Args:
        iou: Per class, (C,), in [0, 1]; NaN counts as unknown and gets 0.
        candidates: bool, (C,), which classes may be chosen.
        number: How many are chosen at most.
        power: 0 gives all chosen ones the same weight.

    Returns:
        float64, (C,), with sum 1; all 0 if there is no candidate.
    """
    known = candidates & ~np.isnan(iou)
    order = np.argsort(np.where(known, iou, np.inf), kind='stable')
    chosen = order[: min(number, int(known.sum()))]
    weights = np.zeros(len(iou))
    weights[chosen] = np.maximum(1 - iou[chosen], LEAST) ** power
    return weights / max(weights.sum(), 1e-12)


@HOOKS.register_module()
class CopyPasteRefreshHook(Hook):
    """After each evaluation let the classes of donors follow the weakest classes.

    Reads the confusion matrix of the ``TrashIoUMetric`` and sets the weights of the
    training pipeline's :class:`CopyPaste` and its like through memory that running
    workers share; each then starts a new pool of donors. Batches that they have loaded
    ahead are as before. Until the first evaluation the config's classes count. The
    weights are part of the checkpoint, so a resumed run goes on with them.

    A class is left out if it is Background, the validation set does not have it, or the
    training set has no pixel of it.

    Args:
        num_classes: How many of the weakest classes are pasted.
        power: Weights are (1 - IoU)^power; 0 makes them equal.
        transforms: Types of the transforms to steer.

    Raises:
        ValueError: An argument is out of its range.
    """

    # After EMAHook has put the trained weights back, before CheckpointHook writes.
    priority = 'BELOW_NORMAL'

    def __init__(
        self,
        num_classes: int = 5,
        power: float = 1.0,
        transforms: Sequence[str] = ('CopyPaste', 'ObjectBankPaste'),
    ) -> None:
        if num_classes < 1:
            raise ValueError(f'num_classes must be at least 1, got {num_classes}')
        if power < 0:
            raise ValueError(f'power must not be negative, got {power}')
        if isinstance(transforms, str) or not transforms:
            raise ValueError(f'transforms must be a list, got {transforms!r}')
        self.num_classes = num_classes
        self.power = power
        self.transforms = tuple(transforms)
        self.live: LiveWeights | None = None

    def before_train(self, runner: Any) -> None:
        """Find transforms and metric before the workers start.

        Raises:
            ConfigError: The training pipeline has none of the transforms, or no
                ``TrashIoUMetric`` scores the validation.
        """
        dataset = runner.train_loop.dataloader.dataset
        kinds = tuple(TRANSFORMS.get(name) for name in self.transforms)
        found = [step for step in steps(dataset) if isinstance(step, kinds)]
        if not found:
            raise ConfigError(
                f'CopyPasteRefreshHook: the training pipeline has none of '
                f'{self.transforms}'
            )
        metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
        known = [m for m in metrics if isinstance(m, METRICS.get('TrashIoUMetric'))]
        if not known:
            raise ConfigError(
                'CopyPasteRefreshHook: val_evaluator has no TrashIoUMetric to read'
            )
        self._metric = known[0]
        self._classes = list(dataset.metainfo['classes'])
        self._candidates = np.zeros(len(self._classes), bool)
        for part in parts(dataset):
            self._candidates |= part.class_counts().sum(axis=0) > 0
        if CLASSES[0] in self._classes:
            self._candidates[self._classes.index(CLASSES[0])] = False
        self.live = LiveWeights(len(self._classes))
        for step in found:
            step.live_weights = self.live
        weights = runner.message_hub.get_info(KEY, None)
        if weights is not None:
            self.live.set(weights)

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Set the weights.

        Args:
            runner: The Runner.
            metrics: Not used; the matrix is exact.
        """
        if self.live is None:  # an evaluation without training
            return
        size = len(self._classes)
        matrix = torch.zeros(size, size, dtype=torch.int64)
        if self._metric.confusion is not None:  # on the main process alone
            matrix.copy_(torch.from_numpy(self._metric.confusion))
        broadcast(matrix)
        confusion = matrix.numpy()
        weights = weakest_weights(
            iou_from_confusion(confusion),
            self._candidates & (confusion.sum(1) > 0),
            self.num_classes,
            self.power,
        )
        if not weights.any():
            return
        self.live.set(weights)
        runner.message_hub.update_info(KEY, weights.tolist())
        text = ', '.join(
            f'{self._classes[label]} {weights[label]:.2f}'
            for label in np.argsort(-weights, kind='stable')
            if weights[label]
        )
        print_log(f'Donors are drawn from: {text}', logger='current')
