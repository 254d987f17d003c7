"""Folds and ablations of real, tiny trainings: once each, and on after a kill."""

import json
import os
import runpy
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
from mmseg_trash.experiments.job import (
    JOB,
    RESULT,
    Job,
    lock_file,
    read_result,
    run_job,
)

OPTIONS: dict[str, Any] = {
    'model.decode_head.channels': 16,
    'model.backbone.num_layers': [1, 1, 1, 1],
    'train_cfg.max_iters': 4,
    'train_cfg.val_interval': 4,
    'default_hooks.checkpoint.interval': 2,
    'train_dataloader.batch_size': 2,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
}


@pytest.fixture(scope='module')
def config(project: Path) -> Path:
    name = 'segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    return project / 'configs/segformer' / name


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    root = tmp_path_factory.mktemp('toy')
    make_toy(root, 5, 3, 1, size=64, seed=0)
    tool = runpy.run_path(str(project / 'tools/data/make_folds.py'))['main']
    tool([str(root), '--folds', '2'])
    return root


@pytest.fixture()
def job(config: Path, data: Path, tmp_path: Path) -> Job:
    work_dir = str(tmp_path / 'run')
    return Job(str(config), work_dir, data_root=str(data), options=OPTIONS)


def test_folds(
    project: Path, config: Path, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    main = runpy.run_path(str(project / 'tools/kfold.py'))['main']
    options = [f'{k}={v}'.replace(' ', '') for k, v in OPTIONS.items()]
    arguments = [
        str(config), '--folds', '2', '--data-root', str(data), '--work-dir',
        str(tmp_path), '--cfg-options', *options,
    ]  # fmt: skip
    main(arguments)
    assert 'out of fold' in capsys.readouterr().out
    metrics = json.loads((tmp_path / 'oof_metrics.json').read_text())
    assert metrics['images'] == 8 and 0 <= metrics['mIoU_image_256'] <= 100
    assert len(list(tmp_path.glob('fold*/labels/**/*.png'))) == 8
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.glob(f'fold*/{RESULT}')}
    assert len(stamps) == 2
    main(arguments)  # done already
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps
    for wrong in (['--folds', '1'], ['--folds', '2', '--only', '2']):
        with pytest.raises(ConfigError, match='--folds|--only 2'):
            main([str(config), *wrong])


def test_a_killed_run_goes_on(job: Job) -> None:
    folder = Path(job.work_dir)
    folder.mkdir()
    # the first attempt is killed while it waits behind its checkpoint of iteration 2
    content = dict(fingerprint=job.fingerprint(), job=vars(job))
    (folder / JOB).write_text(json.dumps(content))
    hang = (
        'import runpy, sys, time\n'
        'from mmengine.hooks import CheckpointHook as hook\n'
        'after = hook.after_train_iter\n'
        'def wait(self, runner, batch_idx, *args, **kwargs):\n'
        '    after(self, runner, batch_idx, *args, **kwargs)\n'
        '    batch_idx == 1 and time.sleep(600)\n'
        'hook.after_train_iter = wait\n'
        f'sys.argv = ["worker", {str(folder / JOB)!r}]\n'
        'runpy.run_module("mmseg_trash.experiments.worker", run_name="__main__")\n'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', hang],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (folder / 'last_checkpoint').is_file():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert read_result(job) is None
    result = run_job(job)
    assert 'iter_2.pth' in (folder / 'output.txt').read_text()  # it went on from there
    assert not list(folder.parent.glob('run.old*'))
    assert result.metrics['mIoU'] >= 0 and len(result.records.names) == 3


def test_another_config_keeps_the_old_folder(job: Job, tmp_path: Path) -> None:
    folder = Path(job.work_dir)
    folder.mkdir()
    (folder / 'precious.txt').write_text('mine')
    broken = replace(job, options={**OPTIONS, 'train_cfg.max_iters': -1})
    with pytest.raises(ConfigError, match=r'run: the run ended with status'):
        run_job(broken)
    assert (tmp_path / 'run.old1/precious.txt').read_text() == 'mine'


def test_fingerprint(job: Job, data: Path, tmp_path: Path) -> None:
    mark = job.fingerprint()
    assert replace(job, work_dir=str(tmp_path / 'other')).fingerprint() == mark
    assert replace(job, seed=7).fingerprint() != mark
    assert replace(job, checkpoint='best').fingerprint() != mark
    file = data / 'val.json'
    text = file.read_text()
    try:
        file.write_text(text + ' ')
        assert job.fingerprint() != mark
    finally:
        file.write_text(text)
    assert job.fingerprint() == mark


def test_two_processes_do_not_share_a_run(job: Job) -> None:
    folder = Path(job.work_dir)
    message = 'another process is at this run'
    with (
        lock_file(folder.with_name('.run.lock')),
        pytest.raises(ConfigError, match=message),
    ):
        run_job(job)
