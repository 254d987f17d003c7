"""Grids: their order, what a second call repeats, failures, interruptions, reports."""

import json
import os
import runpy
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments import sweep
from mmseg_trash.experiments.job import JOB, PRUNED, _call, lock_file
from mmseg_trash.experiments.sweep import GridSearch, Trial, attempt
from mmseg_trash.experiments.sweep_report import option, ranked, train_command
from mmseg_trash.experiments.sweep_run import run_sweep
from mmseg_trash.experiments.sweep_slots import Slots

LR = 'optim_wrapper.optimizer.lr'
DECAY = 'optim_wrapper.optimizer.weight_decay'


def test_grid(make_spec: Any, trainings: Any) -> None:
    lines: list[str] = []
    spec = make_spec()
    page = run_sweep(spec, trainings, lines.append)
    assert trainings.calls == [(0.1, 0), (0.1, 1), (0.001, 0), (0.001, 1)]
    assert lines[0] == f'{LR}=0.1, {DECAY}=0: score 9.90'
    found = json.loads((spec.folder / 'sweep.json').read_text())
    assert [trial['value'] for trial in found['trials']] == [10.999, 10.9, 9.999, 9.9]
    words = shlex.split(found['command'])
    assert words[:3] == ['python', 'tools/train.py', spec.config]
    assert words[-2:] == [f'{LR}=0.001', f'{DECAY}=1']
    text = (spec.folder / 'sweep.md').read_text()
    assert text == page.markdown(spec.folder) and '| 0.001 | 1 | 11.00 |' in text
    assert '<pre>python tools/train.py' in (spec.folder / 'sweep.html').read_text()
    assert len(GridSearch(make_spec(trials=3))._waiting) == 3


def test_the_same_values_keep_their_folder(make_spec: Any) -> None:
    """A value more in the space must not move what is finished already."""
    small, large = make_spec(), make_spec(space={LR: [0.5, 0.1], DECAY: [0, 1, 2]})
    params = {LR: 0.1, DECAY: 1}
    assert small.job(params) == large.job(params)


def test_failures(make_spec: Any, trainings: Any) -> None:
    trainings.broken = {0.1}
    spec = make_spec()
    run_sweep(spec, trainings, lambda text: None)
    trials = json.loads((spec.folder / 'sweep.json').read_text())['trials']
    assert [t['state'] for t in trials] == ['finished'] * 2 + ['failed'] * 2
    assert 'diverged' in trials[-1]['note']
    trainings.broken = {0.1, 0.001}
    with pytest.raises(ConfigError, match='all 3 trials failed: .*diverged'):
        run_sweep(spec, trainings, lambda text: None)
    with pytest.raises(ConfigError, match='all 1 trials failed: metric .mean_iou'):
        run_sweep(make_spec(metric='mean_iou', trials=1, space={LR: [1]}), trainings)
    with (
        lock_file(spec.folder / '.sweep.lock'),
        pytest.raises(ConfigError, match='another'),
    ):
        run_sweep(spec, trainings)


def test_devices(make_spec: Any, trainings: Any) -> None:
    """Two slots work at the same time, each in its environment."""
    both = threading.Barrier(2, timeout=30)

    def run(job: Any, environment: Any) -> Any:
        both.wait()
        return trainings(job, environment)

    run_sweep(make_spec(devices=['cpu', 'cpu']), run, lambda text: None)
    assert sorted(trainings.calls) == [(0.001, 0), (0.001, 1), (0.1, 0), (0.1, 1)]
    assert {e['CUDA_VISIBLE_DEVICES'] for e in trainings.environments} == {''}
    assert all(int(e['OMP_NUM_THREADS']) >= 1 for e in trainings.environments)


def test_a_pruned_run_stays_pruned(make_spec: Any, trainings: Any) -> None:
    spec = make_spec()
    params = {LR: 0.1, DECAY: 0}
    job = spec.job(params)
    folder = Path(job.work_dir)
    folder.mkdir(parents=True)
    (folder / PRUNED).write_text(json.dumps(dict(step=20, value=3.5)))
    (folder / JOB).write_text(json.dumps(dict(fingerprint='of another')))
    assert attempt(spec, params, {}, trainings).state == 'finished'
    (folder / JOB).write_text(json.dumps(dict(fingerprint=job.fingerprint())))
    trial = attempt(spec, params, {}, trainings)
    assert (trial.state, trial.value, trial.note) == ('pruned', 3.5, 'at iteration 20')
    assert len(trainings.calls) == 1
    (folder / PRUNED).write_text('{')
    assert 'pruned.json: is damaged' in attempt(spec, params, {}, trainings).note


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt; a shell's background jobs are started deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('interruptible')
def test_an_interruption_stops_the_processes() -> None:
    """SIGINT to this process alone; its children are killed, nothing is told."""
    started: list[int] = []

    def work(environment: dict[str, str]) -> bool:
        with Path(os.devnull).open('ab') as log:
            started.append(1)
            if len(started) == 2:
                threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
            status = _call(['sleep', '120'], log, dict(os.environ))
        assert status == -signal.SIGKILL
        return True

    pool = Slots([{}, {}], work)
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pool.run()
    assert time.monotonic() - begin < 20 and len(started) == 2
    assert pool.stop.is_set()


@pytest.mark.usefixtures('interruptible')
def test_an_interrupted_trial_is_not_called_failed(
    make_spec: Any, trainings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The children of a terminal get its ctrl-C too, and sooner than the sweep."""
    monkeypatch.setattr(sweep, 'PAUSE', 30)
    trainings.broken = {0.001}
    spec = make_spec()

    def run(job: Any, environment: Any) -> Any:
        if len(trainings.calls) == 2:
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
        return trainings(job, environment)

    with pytest.raises(KeyboardInterrupt):
        run_sweep(spec, run, lambda text: None)
    trials = json.loads((spec.folder / 'sweep.json').read_text())['trials']
    assert [trial['state'] for trial in trials] == ['finished'] * 2


def test_a_worker_ends_with_its_parent() -> None:
    code = (
        'import time; from mmseg_trash.experiments.worker import follow_parent;'
        'follow_parent(0.05); time.sleep(120)'
    )
    gone = {**os.environ, 'TRASH_PARENT': '999999999'}
    command = [sys.executable, '-W', 'ignore', '-c', code]
    assert subprocess.run(command, env=gone, timeout=100).returncode == 1


@pytest.mark.parametrize('value, text', [
    (1e-05, 'a=1e-05'), (True, 'a=True'), (None, 'a=None'), ([1, 2], 'a=[1,2]'),
    ('poly', 'a=poly'), ([[1], [2]], 'a=[[1],[2]]'), ('1', None), ('a,b', None),
    ('None', None), ({'a': 1}, None), ([{'type': 'A'}], None), ('(a,', None),
])  # fmt: skip
def test_option(value: Any, text: str | None) -> None:
    assert option('a', value) == text


def test_what_options_cannot_say_becomes_a_config(
    make_spec: Any, tmp_path: Path
) -> None:
    loss = [dict(type='IoUCELoss')]
    spec = make_spec(space={'model.decode_head.loss_decode': [loss]}, fold=0, amp=True)
    words = shlex.split(
        train_command(spec, {'model.decode_head.loss_decode': loss}, tmp_path)
    )
    assert words[2:] == [
        str(tmp_path / 'best_config.py'), '--fold', '0', '--seed', '42', '--amp',
    ]  # fmt: skip
    assert load_config(words[2], fold=0).model.decode_head.loss_decode == loss


def test_order(make_spec: Any) -> None:
    trials = [
        Trial({}, 'failed'), Trial({}, 'pruned', 9.0), Trial({}, 'finished', 1.0),
        Trial({}, 'finished', 2.0),
    ]  # fmt: skip
    assert [t.value for t in ranked(make_spec(), trials)] == [2, 1, 9, None]
    assert [t.value for t in ranked(make_spec(mode='min'), trials)] == [1, 2, 9, None]


def test_the_tool(make_spec: Any, project: Path, tmp_path: Path, capsys: Any) -> None:
    make_spec()
    main = runpy.run_path(str(project / 'tools/sweep.py'))['main']
    main([str(tmp_path / 'tiny.yaml'), '--to-wandb', str(tmp_path / 'w.yaml')])
    assert 'wandb sweep' in capsys.readouterr().out and (tmp_path / 'w.yaml').is_file()
    with pytest.raises(FileNotFoundError, match='no such sweep file'):
        main([str(tmp_path / 'none.yaml')])
