"""Optuna's studies: resumed after a kill, nothing finished repeated, pruned."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmseg_trash.datasets.toy import make_toy
from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments.job import PRUNED, RESULT
from mmseg_trash.experiments.sweep import FAILED, Trial
from mmseg_trash.experiments.sweep_optuna import OptunaSearch, study_name
from mmseg_trash.experiments.sweep_run import run_sweep
from mmseg_trash.experiments.sweep_spec import read_spec
from mmseg_trash.experiments.sweep_trial import TRIAL, import_optuna, report

optuna = pytest.importorskip('optuna')

LR = 'optim_wrapper.optimizer.lr'
SPACE = {LR: dict(min=1e-5, max=1e-2, log=True)}


@pytest.fixture()
def spec(make_spec: Any) -> Any:
    return make_spec(method='optuna', trials=4, space=SPACE)


def silent(text: str) -> None:
    pass


def states(spec: Any) -> list[str]:
    storage = f'sqlite:///{spec.folder}/optuna.db'
    study = optuna.load_study(study_name=study_name(spec), storage=storage)
    return [trial.state.name for trial in study.trials]


def test_a_study_goes_on(spec: Any, trainings: Any) -> None:
    run_sweep(spec, trainings, silent)
    assert len(set(trainings.calls)) == 4 and states(spec) == ['COMPLETE'] * 4
    run_sweep(spec, trainings, silent)
    assert len(trainings.calls) == 4  # nothing is repeated
    run_sweep(replace(spec, trials=6), trainings, silent)
    assert len(set(trainings.calls)) == 6
    assert all(1e-5 <= lr <= 1e-2 for lr, _ in trainings.calls)
    found = json.loads((spec.folder / 'sweep.json').read_text())
    best = min(lr for lr, _ in trainings.calls)
    assert found['trials'][0]['params'] == {LR: best}
    assert found['command'].endswith(f'{LR}={best}')


def test_interruptions_do_not_change_the_draws(
    make_spec: Any, trainings: Any, tmp_path: Path
) -> None:
    space = {**SPACE, 'model.decode_head.channels': [[16], [32]]}
    parts = dict(method='optuna', sampler='random', space=space)
    for trials in (1, 2, 5):
        run_sweep(make_spec(trials=trials, **parts), trainings, silent)
    whole = make_spec(trials=5, work_dir=str(tmp_path / 'whole'), **parts)
    run_sweep(whole, trainings, silent)
    assert trainings.calls[5:] == trainings.calls[:5]
    found = json.loads((whole.folder / 'sweep.json').read_text())['trials']
    assert all(t['params']['model.decode_head.channels'][0] in (16, 32) for t in found)


def test_other_data_or_keys_are_another_study(make_spec: Any, spec: Any) -> None:
    names = {
        study_name(make_spec(method='optuna', trials=4, **{'space': SPACE, **changes}))
        for changes in (
            {}, dict(options={'train_cfg.max_iters': 7}), dict(mode='min'),
            dict(seed=1), dict(space={LR: [1, 2]}),
        )
    }  # fmt: skip
    assert len(names) == 5
    assert study_name(replace(spec, trials=99, devices=2)) == study_name(spec)


def test_kill_9(spec: Any, trainings: Any, tmp_path: Path) -> None:
    """The sweep's process dies in its second trial; the next call finishes it."""
    code = f"""
import json, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import conftest
conftest.fingerprint.code_hash = lambda: 'code'
from mmseg_trash.experiments.sweep_run import run_sweep
from mmseg_trash.experiments.sweep_spec import read_spec
trainings = conftest.Trainings()
def run(job, environment):
    if len(trainings.calls) == 1:
        lr = job.options[conftest.LR]
        Path({str(tmp_path)!r}, 'reached').write_text(json.dumps([trainings.calls, lr]))
        time.sleep(300)
    return trainings(job, environment)
run_sweep(read_spec(Path({str(spec.file)!r})), run)
"""
    process = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', code])
    marker, deadline = tmp_path / 'reached', time.monotonic() + 120
    while not marker.is_file() or not marker.read_text():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ((first, _),), second = json.loads(marker.read_text())
    assert states(spec) == ['COMPLETE', 'RUNNING']
    run_sweep(spec, trainings, silent)
    rates = [lr for lr, _ in trainings.calls]
    assert rates[0] == second and first not in rates and len(rates) == 3
    assert states(spec) == ['COMPLETE'] * 4


def test_a_failed_trial_is_tried_again(spec: Any, trainings: Any) -> None:
    search = OptunaSearch(spec)
    task = search.ask()
    assert task is not None
    search.tell(task, Trial(task.params, FAILED, note='killed'))
    assert [trial.note for trial in search.trials()] == ['killed']
    run_sweep(spec, trainings, silent)
    assert trainings.calls[0][0] == task.params[LR] and len(trainings.calls) == 4
    found = json.loads((spec.folder / 'sweep.json').read_text())['trials']
    assert [trial['state'] for trial in found] == ['finished'] * 4
    more = replace(spec, trials=5)
    last = OptunaSearch(more).ask()  # left running by a process that is gone
    assert last is not None
    trainings.broken = {last.params[LR]}
    with pytest.raises(ConfigError, match='all 1 trials failed'):
        run_sweep(more, trainings, silent)
    trainings.broken = set()
    run_sweep(more, trainings, silent)
    assert [lr for lr, _ in trainings.calls[-2:]] == [last.params[LR]] * 2


def test_a_shared_storage_leaves_the_others_trials(
    make_spec: Any, trainings: Any, tmp_path: Path
) -> None:
    storage = f'sqlite:///{tmp_path}/shared.db'
    parts = dict(method='optuna', trials=3, space=SPACE, storage=storage)
    theirs = OptunaSearch(make_spec(work_dir=str(tmp_path / 'theirs'), **parts))
    task = theirs.ask()
    assert task is not None
    run_sweep(make_spec(**parts), trainings, silent)
    rates = [lr for lr, _ in trainings.calls]
    assert len(rates) == 2 and task.params[LR] not in rates
    with pytest.raises(ConfigError, match='storage nonsense: '):
        run_sweep(make_spec(**{**parts, 'storage': 'nonsense'}), trainings)


def add_rival(search: OptunaSearch, steps: dict[int, float]) -> None:
    """Put a finished trial with these validations into the study."""
    trial = optuna.trial.create_trial(
        params={LR: 1e-3},
        distributions={
            LR: optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)
        },
        value=steps[max(steps)],
        intermediate_values=steps,
    )
    search.study.add_trial(trial)


def test_report(make_spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert report(1.0, 1) is False  # no sweep at all
    spec = make_spec(method='optuna', trials=2, space=SPACE, prune=dict(startup=1))
    search = OptunaSearch(spec)
    task = search.ask()
    assert task is not None
    monkeypatch.setenv(TRIAL, task.environment[TRIAL])
    assert report(1.0, 10) is False  # nobody to compare with
    add_rival(search, {10: 50.0, 20: 60.0, 30: 70.0})
    assert report(65.0, 20) is False
    assert (
        report(2.0, 20) is False
    )  # a run that goes on repeats a step: the first counts
    assert report(40.0, 30) is True


@pytest.mark.skipif(os.name != 'posix', reason='needs fork')
def test_a_real_training_is_pruned(project: Path, tmp_path: Path) -> None:
    make_toy(tmp_path / 'toy', 5, 3, 1, size=64, seed=0)
    config = 'segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    content = dict(
        config=str(project / 'configs' / config), method='optuna', trials=2,
        data_root=str(tmp_path / 'toy'), work_dir=str(tmp_path / 'sweep'),
        prune=dict(startup=1), space=SPACE,
        options={
            'model.decode_head.channels': 16, 'model.backbone.num_layers': [1] * 4,
            'train_cfg.max_iters': 4, 'train_cfg.val_interval': 2,
            'train_dataloader.batch_size': 2, 'train_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': False,
            'val_dataloader.num_workers': 0, 'val_dataloader.persistent_workers': False,
        },
    )  # fmt: skip
    file = tmp_path / 'real.yaml'
    file.write_text(json.dumps(content))
    spec = read_spec(file)
    add_rival(OptunaSearch(spec), {2: 90.0, 4: 95.0})
    run_sweep(spec, report=silent)
    found = json.loads((spec.folder / 'sweep.json').read_text())['trials']
    assert [trial['state'] for trial in found] == ['finished', 'pruned']
    assert found[1]['note'] == 'at iteration 2' and 0 <= found[1]['value'] < 90
    folder = spec.folder / found[1]['folder']
    assert (folder / PRUNED).is_file() and not (folder / RESULT).exists()
    assert not list(folder.glob('iter_4.pth'))
    begun = (folder / 'output.txt').stat().st_mtime_ns
    run_sweep(spec, report=silent)
    assert (folder / 'output.txt').stat().st_mtime_ns == begun


def test_without_optuna(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'optuna', None)
    with pytest.raises(ConfigError, match=r'needs optuna: pip install'):
        import_optuna()
    with pytest.raises(ConfigError, match=r'needs optuna: pip install'):
        run_sweep(spec, report=silent)
