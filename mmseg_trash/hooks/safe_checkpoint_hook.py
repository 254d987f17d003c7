"""Checkpoints that a kill at any time leaves usable."""

from math import inf
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmseg.registry import HOOKS

from ..errors import ConfigError
from ..fileio import atomic_write

_PART = '.part'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """Write each checkpoint whole, then point to it, then remove the one before.

    The parent removes first and then writes in place, so that a run that is killed
    meanwhile loses its only checkpoint. Here ``last_checkpoint`` names a complete file
    at any time, and there is always a best checkpoint once there was one. The arguments
    and the names of the files are the parent's. The best ones say in ``meta`` for which
    ``metric`` they were chosen and its ``score``.
    """

    def before_train(self, runner: Any) -> None:
        """Remove what a killed run was writing."""
        super().before_train(runner)
        if self._is_local and is_main_process():
            for path in Path(self.out_dir).glob(f'.*{_PART}'):
                path.unlink()
            for path in Path(runner.work_dir).glob('.last_checkpoint.*'):
                path.unlink()

    @property
    def _is_local(self) -> bool:
        return isinstance(self.file_backend, LocalBackend)

    def _write(self, runner: Any, name: str, meta: dict, **options: Any) -> str:
        """Write a checkpoint beside its place, then move it there; return the path."""
        path = str(self.file_backend.join_path(self.out_dir, name))
        # remote stores show a file when it is complete
        target = f'.{name}{_PART}' if self._is_local else name
        runner.save_checkpoint(
            self.out_dir,
            target,
            self.file_client_args,
            meta=meta,
            backend_args=self.backend_args,
            **options,
        )
        if self._is_local and is_main_process():
            Path(self.out_dir, target).replace(path)
        return path

    def _remove(self, path: str) -> None:
        if is_main_process():
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
            elif self.file_backend.isdir(path):  # DeepSpeed's
                self.file_backend.rmtree(path)

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict) -> None:
        """Write the checkpoint of a step and point to it, see the parent."""
        outdated = None
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated = self.keep_ckpt_ids.popleft()
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        self.last_ckpt = str(self.file_backend.join_path(self.out_dir, name))
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        self._write(
            runner,
            name,
            meta,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            by_epoch=self.by_epoch,
            **self.args,
        )
        if is_main_process():
            with atomic_write(Path(runner.work_dir, 'last_checkpoint')) as temporary:
                temporary.write_text(self.last_ckpt, encoding='utf-8')
        if outdated is not None:
            old = self.filename_tmpl.format(outdated)
            self._remove(str(self.file_backend.join_path(self.out_dir, old)))

    def _save_best_checkpoint(self, runner: Any, metrics: dict[str, Any]) -> None:
        """Write a checkpoint for each metric that is better than ever.

        Raises:
            ConfigError: ``save_best`` names no metric of the evaluation.
        """
        training = hasattr(self, 'file_backend')
        if not self.save_best or not training:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        step = runner.epoch if self.by_epoch else runner.iter
        better = [
            self._save_if_better(runner, key, rule, metrics, step)
            for key, rule in zip(self.key_indicators, self.rules)
        ]
        # The last checkpoint was written before the evaluation; it learns the scores.
        if any(better) and self.last_ckpt is not None:
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save_checkpoint_with_step(runner, step, meta)

    def _save_if_better(
        self, runner: Any, key: str, rule: str, metrics: dict[str, Any], step: int
    ) -> bool:
        if key not in metrics:
            raise ConfigError(
                f'checkpoint.save_best is {key!r}, but the evaluation gave '
                f'{", ".join(metrics)}'
            )
        hub = runner.message_hub
        alone = len(self.key_indicators) == 1
        suffix = '' if alone else f'_{key}'
        worst = -inf if rule == 'greater' else inf
        score, best = metrics[key], hub.get_info(f'best_score{suffix}', worst)
        if score is None or not self.is_better_than[key](score, best):
            return False
        old = hub.get_info(f'best_ckpt{suffix}')
        name = f'best_{key}_{self.filename_tmpl.format(step)}'.replace('/', '_')
        path = str(self.file_backend.join_path(self.out_dir, name))
        hub.update_info(f'best_score{suffix}', score)
        hub.update_info(f'best_ckpt{suffix}', path)
        meta = dict(epoch=runner.epoch, iter=runner.iter, metric=key)
        self._write(
            runner,
            name,
            meta | dict(score=float(score)),
            save_optimizer=False,
            save_param_scheduler=False,
            by_epoch=False,
        )
        if alone:
            self.best_ckpt_path = path
        else:
            self.best_ckpt_path_dict[key] = path
        if old and old != path:
            self._remove(old)
        runner.logger.info(
            f'The best checkpoint with {score:0.4f} {key} at {step} '
            f'{"epoch" if self.by_epoch else "iter"} is saved to {name}.'
        )
        return True
