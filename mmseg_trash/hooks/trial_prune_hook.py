"""End a training that a sweep gives up."""

import json
from pathlib import Path
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from ..errors import ConfigError
from ..fileio import atomic_write


@HOOKS.register_module()
class TrialPruneHook(Hook):
    """Report every validation to the sweep's study and stop when it says so.

    ``tools/sweep.py`` adds it. In a training outside of a sweep it does nothing. A
    training that is stopped leaves ``pruned.json`` with ``step`` and ``value`` in its
    work_dir; the last validation stops nothing, since all is paid for by then.

    Args:
        metric: Name of the metric that the study compares.
    """

    priority = 'VERY_LOW'

    def __init__(self, metric: str = 'mIoU') -> None:
        self.metric = metric

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Report the metric, and stop the training loop if the study says so.

        Raises:
            ConfigError: The evaluation gives no such metric.
        """
        from ..experiments.job import PRUNED
        from ..experiments.sweep_trial import report

        found = metrics or {}
        if self.metric not in found:
            known = ', '.join(found)
            raise ConfigError(f'metric {self.metric!r}: expected one of {known}')
        stop = [False]
        if is_main_process():
            stop = [report(float(found[self.metric]), runner.iter)]
        broadcast_object_list(stop)
        if not stop[0] or runner.iter >= runner.max_iters:
            return
        if is_main_process():
            content = dict(step=runner.iter, value=float(found[self.metric]))
            with atomic_write(Path(runner.work_dir) / PRUNED) as temporary:
                temporary.write_text(json.dumps(content) + '\n', encoding='utf-8')
        runner.logger.info(f'pruned at iteration {runner.iter}')
        runner.train_loop.stop_training = True
