"""Averages of the weights (EMA, SWA), evaluated beside the weights themselves."""

from typing import Any

import torch
from mmengine.hooks import CheckpointHook, EMAHook
from mmengine.logging import print_log
from mmengine.runner import autocast
from mmengine.runner.checkpoint import load_state_dict, weights_to_cpu
from mmseg.registry import HOOKS

from ..by_size import step_by_size
from ..errors import ConfigError
from .safe_checkpoint_hook import SafeCheckpointHook


@HOOKS.register_module()
class AveragedWeightsHook(EMAHook):
    """Keep an average of the weights and evaluate both in each validation.

    mmengine's ``EMAHook`` evaluates and saves the average alone. Here ``mIoU`` and all
    other metrics are those of the weights that are trained, ``ema/mIoU`` and so on
    those of the average. ``save_best=['mIoU', 'ema/mIoU']`` keeps the best of each, the
    latter with the average as its ``state_dict``. Checkpoints to resume from hold the
    trained weights, and the average under ``<prefix>_state_dict``.

    SWA (Izmailov et al., arXiv:1803.05407) is ``ema_type='StochasticWeightAverage'``
    with ``begin_iter``, ``interval`` and ``prefix='swa'``; networks with BatchNorm want
    ``update_buffers=True`` with it, which averages the statistics as well.

    Args:
        prefix: Goes before the metrics of the average, with a slash.
        **kwargs: Arguments of ``EMAHook``: ``ema_type``, ``begin_iter``, and those of
            the average, such as ``momentum`` (default 2e-4) and ``interval``.

    Raises:
        ValueError: ``prefix`` is empty or has a slash.
    """

    # After what a warm start has to mend, before the metrics are logged.
    priority = 5

    def __init__(self, prefix: str = 'ema', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not prefix or '/' in prefix:
            raise ValueError(f'prefix must be a word, got {prefix!r}')
        self.prefix = prefix
        self._key = f'{prefix}_state_dict'
        self._metrics: dict[str, float] | None = None

    def before_train(self, runner: Any) -> None:
        """Check that the best average is saved as such.

        Raises:
            ConfigError: Another checkpoint hook than ``SafeCheckpointHook`` watches a
                metric of the average, and would save the trained weights for it.
        """
        super().before_train(runner)
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and not isinstance(
                hook, SafeCheckpointHook
            ):
                for metric in hook.save_best or ():
                    if metric.startswith(f'{self.prefix}/'):
                        raise ConfigError(
                            f'save_best={metric!r} needs '
                            "default_hooks.checkpoint.type='SafeCheckpointHook'"
                        )

    @property
    def _started(self) -> bool:
        return bool(self.ema_model.steps > 0)

    def before_val_epoch(self, runner: Any) -> None:
        """Evaluate the average; then the loop evaluates the trained weights.

        Args:
            runner: The Runner.
        """
        self._metrics = None
        if not self._started:
            return
        self._swap_ema_parameters()
        try:
            print_log(f'Evaluation of the averaged weights, {self.prefix}/', 'current')
            self._metrics = self._evaluate(runner)
        finally:
            self._swap_ema_parameters()

    @torch.no_grad()
    def _evaluate(self, runner: Any) -> dict[str, float]:
        loop = runner.val_loop
        runner.model.eval()
        for batch in loop.dataloader:
            with autocast(enabled=loop.fp16):
                outputs = step_by_size(runner.model.val_step, batch)
            loop.evaluator.process(data_samples=outputs, data_batch=batch)
        metrics: dict[str, float] = loop.evaluator.evaluate(
            len(loop.dataloader.dataset)
        )
        return metrics

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Add the average's metrics, in place; before it starts, they are the same.

        Args:
            runner: The Runner.
            metrics: The metrics of the trained weights.
        """
        if metrics is None:
            return
        found = self._metrics
        if found is None:
            found = {k: v for k, v in metrics.items() if '/' not in k}
        metrics.update({f'{self.prefix}/{k}': v for k, v in found.items()})

    def before_test_epoch(self, runner: Any) -> None:
        """Test what the checkpoint has as its ``state_dict``."""

    def after_test_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Leave the weights as they are."""

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Add the average to a checkpoint, or put it in the place of the weights.

        Args:
            runner: The Runner.
            checkpoint: What is about to be saved; ``meta.metric`` is set for best ones.
        """
        metric = checkpoint.get('meta', {}).get('metric')
        average = weights_to_cpu(self.ema_model.state_dict())
        if metric is None:
            checkpoint[self._key] = average
        elif metric.startswith(f'{self.prefix}/'):
            checkpoint['state_dict'] = {
                key: average[f'module.{key}'] for key in checkpoint['state_dict']
            }

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Take the average of a checkpoint to resume from, else begin with its weights.

        Args:
            runner: The Runner.
            checkpoint: What was loaded.
        """
        if runner._resume and self._key in checkpoint:
            self.ema_model.load_state_dict(
                checkpoint[self._key], strict=self.strict_load
            )
        else:
            load_state_dict(
                self.ema_model.module, dict(checkpoint['state_dict']), self.strict_load
            )
