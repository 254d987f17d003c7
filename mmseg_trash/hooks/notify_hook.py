"""Tell a webhook when a training starts, improves, ends or fails."""

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmseg.registry import HOOKS

from ..webhook import Webhook

EVENTS = ('start', 'best', 'end', 'failure')
VARIABLE = 'TRASH_WEBHOOK_URL'
"""Environment variable with the address; without it the hook is silent."""
KEY = 'notify_best'


@HOOKS.register_module()
class NotifyHook(Hook):
    """Post notices of a training in Slack's format to ``$TRASH_WEBHOOK_URL``.

    A notice holds the work_dir's name, the config's, the best value of the metric, the
    iteration and the time since the start. A thread of its own posts it, so that no
    server, slow or dead, fails or slows a run. The main process alone does it.

    A failure is any exception that leaves :func:`mmseg_trash.launch.run_training`, and
    SIGTERM, which then ends the process as before, ``timeout`` seconds later at most.

    Args:
        events: Which of ``start``, ``best``, ``end`` and ``failure`` to post.
        metric: Key of the validation's metrics that decides what is best.
        rule: ``'greater'`` or ``'less'`` is better.
        timeout: Seconds that the server may take.
    """

    # After CheckpointHook, so that a best checkpoint that is announced is there.
    priority = 'LOWEST'

    def __init__(
        self,
        events: Sequence[str] = EVENTS,
        metric: str = 'mIoU',
        rule: str = 'greater',
        timeout: float = 5.0,
    ) -> None:
        unknown = [event for event in events if event not in EVENTS]
        if unknown or isinstance(events, str):
            raise ValueError(f'events must be some of {EVENTS}, got {events!r}')
        if rule not in ('greater', 'less'):
            raise ValueError(f"rule must be 'greater' or 'less', got {rule!r}")
        if not timeout > 0:
            raise ValueError(f'timeout must be positive, got {timeout}')
        self.events = tuple(events)
        self.metric = metric
        self.sign = 1 if rule == 'greater' else -1
        self.timeout = timeout
        self._webhook: Webhook | None = None
        self._previous: Any = None
        self._began = 0.0

    def before_train(self, runner: Any) -> None:
        """Post ``start`` and listen to SIGTERM."""
        self._began = time.monotonic()
        url = os.environ.get(VARIABLE)
        if not url or not is_main_process():
            return
        try:
            self._webhook = Webhook(url, self.timeout)
        except ValueError as error:
            print_log(f'{VARIABLE}: {error}', logger='current', level=logging.WARNING)
            return
        self._post(runner, 'start')
        if (
            'failure' in self.events
            and threading.current_thread() is threading.main_thread()
        ):
            self._listen(runner)

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Post ``best`` when the metric is better than ever in this training."""
        if self._webhook is None:
            return
        value = float((metrics or {}).get(self.metric, math.nan))
        best = runner.message_hub.get_info(KEY, -self.sign * math.inf)
        if self.sign * value > self.sign * best:
            runner.message_hub.update_info(KEY, value)
            self._post(runner, 'best')

    def after_train(self, runner: Any) -> None:
        """Post ``end``."""
        self._post(runner, 'end')
        self._stop_listening()

    def after_failure(self, runner: Any, error: BaseException) -> None:
        """Post ``failure``; ``run_training`` calls it.

        Args:
            runner: The Runner.
            error: What ended the training.
        """
        line = (str(error).splitlines() or [''])[0][:200]
        self._post(runner, 'failure', f'{type(error).__name__}: {line}')
        self._stop_listening()

    def _listen(self, runner: Any) -> None:
        """Post a failure at SIGTERM, then let it do what it would have done."""
        process = os.getpid()

        def handle(number: int, frame: FrameType | None) -> None:
            self._stop_listening()
            if os.getpid() == process and self._webhook is not None:
                self._post(runner, 'failure', 'ended by SIGTERM')
                self._webhook.finish()
            os.kill(os.getpid(), number)

        self._previous = signal.signal(signal.SIGTERM, handle) or signal.SIG_DFL

    def _stop_listening(self) -> None:
        """Give SIGTERM back to who had it."""
        if self._previous is not None:
            signal.signal(signal.SIGTERM, self._previous)
            self._previous = None

    def _post(self, runner: Any, event: str, reason: str = '') -> None:
        """Queue a notice."""
        if self._webhook is None or event not in self.events:
            return
        config = getattr(runner.cfg, 'filename', None) or runner.experiment_name
        parts = [f'{event}: {Path(runner.work_dir).name}', Path(config).stem]
        best = runner.message_hub.get_info(KEY, None)
        if best is not None:
            parts.append(f'best {self.metric} {best:.2f}')
        parts.append(f'iteration {runner.iter} of {runner.max_iters}')
        parts.append(str(timedelta(seconds=round(time.monotonic() - self._began))))
        self._webhook.post(' | '.join([*parts, reason] if reason else parts))
