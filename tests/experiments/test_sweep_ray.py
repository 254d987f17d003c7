"""Ray Tune on one node, with trainings that are made up."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments.job import lock_file
from mmseg_trash.experiments.sweep_run import run_sweep

LR = 'optim_wrapper.optimizer.lr'
DECAY = 'optim_wrapper.optimizer.weight_decay'


@pytest.mark.slow
@pytest.mark.skipif('RUN_SLOW' not in os.environ, reason='takes a minute: RUN_SLOW=1')
def test_ray(make_spec: Any, tmp_path: Path) -> None:
    pytest.importorskip('ray.tune')
    calls = tmp_path / 'calls'
    calls.mkdir()

    def run(job: Any, environment: Any) -> Any:
        from dataclasses import asdict

        import numpy as np

        from mmseg_trash.experiments.job import Result
        from mmseg_trash.metrics.records import Records

        lr, decay = job.options[LR], job.options[DECAY]
        known = calls / Path(job.work_dir).name
        known.write_text(json.dumps(asdict(job)))
        if decay == 3:
            raise ConfigError('diverged')
        matrix = np.eye(2, dtype=np.int64).reshape(1, 1, 2, 2)
        return Result(
            job, {'score': 10 + lr}, 1.0, '', Records(['a'], matrix, [0], [0])
        )

    space = {LR: dict(min=1e-4, max=1e-1, log=True), DECAY: dict(min=1, max=3)}
    spec = make_spec(method='ray', trials=4, space=space, devices=2)
    lines: list[str] = []
    run_sweep(spec, run, lines.append)
    found = json.loads((spec.folder / 'sweep.json').read_text())
    first = {trial['folder']: trial for trial in found['trials']}
    assert len(first) == 4 == len(lines)
    jobs = {file.name: json.loads(file.read_text()) for file in calls.iterdir()}
    assert set(jobs) == set(first)
    for name, trial in first.items():
        lr, decay = trial['params'][LR], trial['params'][DECAY]
        assert 1e-4 <= lr <= 1e-1 and decay in (1, 2, 3)
        assert jobs[name]['options'][LR] == lr
        if decay == 3:
            assert trial['state'] == 'failed' and trial['note'] == 'diverged'
        else:
            assert trial['value'] == 10 + lr
    # a second call draws the same values, and more behind them
    more = make_spec(method='ray', trials=5, space=space, devices=2)
    run_sweep(more, run, lines.append)
    found = json.loads((spec.folder / 'sweep.json').read_text())
    assert set(first) < {trial['folder'] for trial in found['trials']}
    # of four draws from two values some are equal, and run once
    space = {DECAY: [1, 2]}
    same = make_spec(
        method='ray', trials=4, space=space, devices=2, options={LR: 0.5},
        work_dir=str(tmp_path / 'same'),
    )  # fmt: skip

    def run_alone(job: Any, environment: Any) -> Any:
        folder = Path(job.work_dir)
        with lock_file(folder.with_name(f'{folder.name}.busy')):
            time.sleep(1)
            return run(job, environment)

    run_sweep(same, run_alone, lines.append)
    found = json.loads((same.folder / 'sweep.json').read_text())['trials']
    assert [trial['value'] for trial in found] == [10.5] * 4
    import ray

    assert not ray.is_initialized()


def test_without_ray(make_spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'ray', None)
    spec = make_spec(method='ray', trials=1)
    with pytest.raises(ConfigError, match=r'needs Ray Tune: pip install'):
        run_sweep(spec)
