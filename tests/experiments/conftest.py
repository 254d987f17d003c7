"""Sweeps over a tiny config, with trainings that are made up."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments import fingerprint
from mmseg_trash.experiments.job import Job, Result
from mmseg_trash.experiments.sweep_spec import Spec, read_spec
from mmseg_trash.metrics.records import Records

LR = 'optim_wrapper.optimizer.lr'
DECAY = 'optim_wrapper.optimizer.weight_decay'
CONFIG = 'segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'

MakeSpec = Callable[..., Spec]


@pytest.fixture(autouse=True)
def still_code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the hash of the package: files may be edited while the tests run."""
    if 'fingerprint' not in request.node.name:
        monkeypatch.setattr(fingerprint, 'code_hash', lambda: 'code')


@pytest.fixture()
def make_spec(project: Path, tmp_path: Path) -> MakeSpec:
    """Return what writes a spec with some keys changed and reads it."""

    def make(**changes: Any) -> Spec:
        content = dict(
            config=str(project / 'configs' / CONFIG),
            metric='score',
            work_dir=str(tmp_path / 'sweep'),
            space={LR: [0.1, '1e-3'], DECAY: [0, 1]},
        )
        content.update(changes)
        kept = {k: v for k, v in content.items() if v is not ...}
        file = tmp_path / 'tiny.yaml'
        file.write_text(yaml.safe_dump(kept), encoding='utf-8')
        return read_spec(file)

    return make


class Trainings:
    """Stands in for ``run_job``: the score is 10 + weight decay - learning rate.

    Attributes:
        calls: Learning rate and weight decay of each call, in order.
        environments: Of each call.
        broken: Learning rates that fail.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[float, float]] = []
        self.environments: list[Mapping[str, str]] = []
        self.broken: set[float] = set()
        self._lock = threading.Lock()

    def __call__(self, job: Job, environment: Mapping[str, str]) -> Result:
        lr, decay = job.options[LR], job.options.get(DECAY, 0)
        with self._lock:
            self.calls.append((lr, decay))
            self.environments.append(environment)
        if lr in self.broken:
            raise ConfigError(f'{job.work_dir}: diverged')
        matrix = np.eye(2, dtype=np.int64).reshape(1, 1, 2, 2)
        records = Records(['a.jpg'], matrix, [0], [0])
        return Result(job, {'score': 10 + decay - lr}, 60.0, 'mark', records)


@pytest.fixture()
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    """Return a stand-in for ``run_job``; failures are not waited for."""
    monkeypatch.setattr('mmseg_trash.experiments.sweep.PAUSE', 0)
    return Trainings()
