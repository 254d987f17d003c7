"""Feed ``CDBLoss`` with what the last evaluation found."""

from typing import Any

import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmseg.registry import HOOKS, METRICS, MODELS

from ..errors import ConfigError
from ..metrics.confusion import accuracy_from_confusion, iou_from_confusion

MEASURES = dict(accuracy=accuracy_from_confusion, iou=iou_from_confusion)


@HOOKS.register_module()
class CDBHook(Hook):
    """Set the class weights of every ``CDBLoss`` after each evaluation.

    Reads the confusion matrix of the ``TrashIoUMetric``. The weights are the same in
    all processes. They stand in the loss, so that checkpoints keep them and a resumed
    run goes on with them. The best checkpoint has those of its own evaluation; one that
    was written by interval at the same iteration, before, has the ones in use until
    then.

    Args:
        measure: What of a class tells its difficulty: ``'accuracy'``, the share of its
            pixels that is found, as in the paper, or ``'iou'``, which also sees what is
            taken for it.
    """

    # After EMAHook has put the trained weights back, before CheckpointHook writes.
    priority = 'BELOW_NORMAL'

    def __init__(self, measure: str = 'accuracy') -> None:
        if measure not in MEASURES:
            raise ValueError(
                f'measure must be one of {tuple(MEASURES)}, got {measure!r}'
            )
        self.measure = measure
        self._losses: list[Any] = []

    def before_train(self, runner: Any) -> None:
        """Find the losses and the metric.

        Raises:
            ConfigError: The model has no ``CDBLoss``, no ``TrashIoUMetric`` scores the
                validation, or they have another number of classes.
        """
        kind = MODELS.get('CDBLoss')
        self._losses = [m for m in runner.model.modules() if isinstance(m, kind)]
        if not self._losses:
            raise ConfigError('CDBHook: no loss of the model is a CDBLoss')
        metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
        wanted = METRICS.get('TrashIoUMetric')
        found = [metric for metric in metrics if isinstance(metric, wanted)]
        if not found:
            raise ConfigError('CDBHook: val_evaluator has no TrashIoUMetric to read')
        self._metric = found[0]
        number = len(self._metric.dataset_meta['classes'])
        for loss in self._losses:
            if len(loss.difficulty_weight) != number:
                raise ConfigError(
                    f'CDBHook: CDBLoss has num_classes={len(loss.difficulty_weight)}, '
                    f'the validation set has {number} classes'
                )

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Bring the measured classes to the losses.

        Args:
            runner: The Runner.
            metrics: Not used; the matrix is exact.
        """
        if not self._losses:  # an evaluation without training
            return
        size = len(self._losses[0].difficulty_weight)
        matrix = torch.zeros(size, size, dtype=torch.int64)
        if self._metric.confusion is not None:  # on the main process alone
            matrix.copy_(torch.from_numpy(self._metric.confusion))
        broadcast(matrix)
        measured = MEASURES[self.measure](matrix.numpy())
        for loss in self._losses:
            tau = loss.set_accuracies(measured.tolist())
        weights = ', '.join(
            f'{name} {weight:.2f}'
            for name, weight in zip(
                self._metric.dataset_meta['classes'], loss.difficulty_weight.tolist()
            )
        )
        print_log(f'CDB: exponent {tau:.2f}; weights {weights}', logger='current')
