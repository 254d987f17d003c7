"""A training of two iterations, tracked."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook

from mmseg_trash import launch
from mmseg_trash.config import load_config

PROJECT = Path(__file__).parents[2]
LEAF = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
LOSSES = {'loss', 'decode.loss_ce'}
MIOUS = {
    f'{kind}{size}'
    for kind in ('mIoU', 'mIoU_image', 'mIoU_batch', 'trash_IoU')
    for size in ('', '_256')
}


def tracked(name: str, toy_root: Path, folder: Path) -> Config:
    """Return a config of two bases, as a user writes it: a leaf and a tracker."""
    bases = [LEAF] + [f'configs/_base_/trackers/{name}.py'] * bool(name)
    file = folder / 'tracked.py'
    file.write_text(f'_base_ = {[str(PROJECT / base) for base in bases]}\n')
    cfg = load_config(file, data_root=toy_root)
    launch.shorten(cfg, 2)
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir = str(folder / 'run9')
    cfg.experiment_name = f'{name}_{folder.name}'
    return cfg


def scalars(work_dir: Path) -> list[dict[str, Any]]:
    """Return what mmengine's own backend wrote: the truth to compare with."""
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in file.read_text().splitlines()]


def expected(work_dir: Path, name: str) -> list[list[float]]:
    """Return a scalar's steps and values."""
    rows = scalars(work_dir)
    found = [[row['step'], row[name]] for row in rows if name in row]
    assert found
    return found


class Break(Hook):
    """Raise at the second iteration."""

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        if runner.iter == 1:
            raise FloatingPointError('the loss is nan')


def fail(cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train with an error at the second iteration."""
    from mmengine.runner import Runner

    build = Runner.from_cfg

    def broken(cfg: Config) -> Runner:
        runner = build(cfg)
        runner.register_hook(Break())
        return runner

    monkeypatch.setattr(Runner, 'from_cfg', broken)
    with pytest.raises(FloatingPointError):
        launch.run_training(cfg)


def forget(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    """Take the user's own settings of a library out of the environment."""
    for name in list(os.environ):
        if name.startswith(prefix):
            monkeypatch.delenv(name)
