"""When a sweep's hook stops a training."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.hooks.trial_prune_hook import TrialPruneHook

REPORT = 'mmseg_trash.experiments.sweep_trial.report'


@pytest.fixture()
def runner(tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(
        iter=20,
        max_iters=40,
        work_dir=str(tmp_path),
        logger=logging.getLogger('test'),
        train_loop=SimpleNamespace(stop_training=False),
    )


def test_it_stops(runner: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, int]] = []
    monkeypatch.setattr(REPORT, lambda value, step: not told.append((value, step)))
    TrialPruneHook('IoU').after_val_epoch(runner, {'IoU': 3.5, 'mIoU': 9.0})
    assert told == [(3.5, 20)] and runner.train_loop.stop_training
    found = json.loads((Path(runner.work_dir) / 'pruned.json').read_text())
    assert found == dict(step=20, value=3.5)


@pytest.mark.parametrize('stop, iteration', [(False, 20), (True, 40)])
def test_it_lets_go_on(
    runner: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, stop: bool, iteration: int
) -> None:
    monkeypatch.setattr(REPORT, lambda value, step: stop)
    runner.iter = iteration
    TrialPruneHook().after_val_epoch(runner, {'mIoU': 9.0})
    assert not runner.train_loop.stop_training
    assert not list(Path(runner.work_dir).iterdir())


def test_outside_of_a_sweep(runner: SimpleNamespace) -> None:
    TrialPruneHook().after_val_epoch(runner, {'mIoU': 9.0})
    assert not runner.train_loop.stop_training
    with pytest.raises(ConfigError, match="metric 'mIoU': expected one of aAcc"):
        TrialPruneHook().after_val_epoch(runner, {'aAcc': 1.0})
