"""Folds and arms side by side: order, devices, failures, what they are told."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments import ablation, kfold
from mmseg_trash.experiments.ablation import Arm, run_arms
from mmseg_trash.experiments.job import Job, Result
from mmseg_trash.experiments.kfold import run_folds
from mmseg_trash.experiments.run_jobs import read_devices, run_jobs
from mmseg_trash.metrics.records import Records

JOBS = [Job('c.py', f'w/{n}', seed=n) for n in range(4)]


def result(job: Job) -> Result:
    matrix = np.diag([1 + job.seed, 1]).reshape(1, 1, 2, 2)
    return Result(job, {}, 1.0, 'mark', Records(['a'], matrix, [0], [0]))


@pytest.mark.parametrize('devices', [None, ['cpu', 'cpu']])
def test_order(devices: Any) -> None:
    """The first job ends last; the results come in the order of the jobs."""
    later, told, environments = threading.Event(), [], []

    def run(job: Job, environment: Mapping[str, str]) -> Result:
        environments.append(dict(environment))
        if devices and job.seed == 0:
            assert later.wait(30)
        elif job.seed == 3:
            later.set()
        return result(job)

    found = run_jobs(JOBS, devices, lambda place, _: told.append(place), run)
    assert [r.job for r in found] == JOBS
    assert told == ([1, 2, 3, 0] if devices else [0, 1, 2, 3])
    names = {'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS'} if devices else set()
    assert all(set(environment) == names for environment in environments)


def test_a_failure_ends_it() -> None:
    calls = []

    def run(job: Job, environment: Mapping[str, str]) -> Result:
        calls.append(job.seed)
        if job.seed == 1:
            raise ConfigError('diverged')
        return result(job)

    with pytest.raises(ConfigError, match='diverged'):
        run_jobs(JOBS, None, run=run)
    assert calls == [0, 1]


def test_folds_and_arms(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(jobs: Any, devices: Any, report: Any) -> list[Result]:
        assert devices == 2
        found = [result(job) for job in jobs]
        for place in reversed(range(len(jobs))):
            report(place, found[place])
        return found

    monkeypatch.setattr(kfold, 'run_jobs', run)
    monkeypatch.setattr(ablation, 'run_jobs', run)
    told: list[Any] = []
    folds = run_folds(Job('c.py', 'w'), [0, 2], 2, lambda r: told.append(r.job.fold))
    assert [r.job.fold for r in folds] == [0, 2] and told == [2, 0]
    assert [r.job.work_dir for r in folds] == ['w/fold0', 'w/fold2']
    arms = [Arm('base', Path('b.py'), ()), Arm('iouce', Path('i.py'), ())]
    lines: list[str] = []
    found = run_arms(arms, Job('b.py', 'w'), [5, 6], lines.append, 2)
    assert [line.split(':')[0] for line in reversed(lines)] == [
        'base, seed 5', 'iouce, seed 5', 'base, seed 6', 'iouce, seed 6',
    ]  # fmt: skip
    assert {k: [r.job.seed for r in v] for k, v in found.items()} == {
        'base': [5, 6], 'iouce': [5, 6],
    }  # fmt: skip
    assert [r.job.config for r in found['iouce']] == ['i.py'] * 2
    assert [r.job.work_dir for r in found['base']] == ['w/base_seed5', 'w/base_seed6']


def test_devices() -> None:
    assert read_devices('4') == 4 and read_devices('cpu') == ['cpu']
    assert read_devices('0,1,cpu') == [0, 1, 'cpu']
    for text in ('0', '', 'gpu', '1,', '-1'):
        with pytest.raises(ConfigError, match='expected a number of runs'):
            read_devices(text)
    with pytest.raises(ConfigError, match='--devices: devices: 77 is absent'):
        run_jobs(JOBS, [77], run=lambda job, environment: result(job))
