"""kill -9 of k-fold, ablation and sweep: nothing finished is lost or repeated."""

import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from mmseg_trash.datasets.toy import make_toy
from mmseg_trash.experiments import job
from mmseg_trash.experiments.job import JOB, RESULT

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
STAND_IN = Path(__file__).with_name('stand_in.py')


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    root = tmp_path_factory.mktemp('toy')
    make_toy(root, 5, 3, 1, size=64, seed=0)
    tool = runpy.run_path(str(project / 'tools/data/make_folds.py'))['main']
    tool([str(root), '--folds', '3'])
    return root


def command(tool: str, project: Path, data: Path, work: Path) -> list[str]:
    """Return the command line of three runs."""
    place = ['--data-root', str(data), '--work-dir', str(work)]
    config = str(project / CONFIG)
    if tool == 'kfold':
        return [config, '--folds', '3', '--devices', 'cpu', *place]
    if tool == 'ablate':
        return [config, '--with', 'iouce', '--with', 'classmix', '--seeds', '0', *place]
    content = dict(
        config=config, work_dir=str(work), data_root=str(data),
        space={'optim_wrapper.optimizer.lr': [0.1, 0.2, 0.3]},
    )  # fmt: skip
    file = work.with_suffix('.yaml')
    file.write_text(yaml.safe_dump(content))
    return [str(file)]


@pytest.mark.parametrize('tool, report', [
    ('kfold', 'oof.md'), ('ablate', 'report.md'), ('sweep', 'sweep.md'),
])  # fmt: skip
def test_kill_9(
    tool: str, report: str, project: Path, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    calls, work = tmp_path / 'calls', tmp_path / 'work'
    script = str(project / f'tools/{tool}.py')
    arguments = command(tool, project, data, work)
    words = [sys.executable, '-W', 'ignore', str(STAND_IN), str(calls), '2', script]
    process, deadline = subprocess.Popen([*words, *arguments]), time.monotonic() + 120
    while not calls.is_file() or len(calls.read_text().split()) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    first, second = calls.read_text().split()
    stamp = (work / first / RESULT).stat().st_mtime_ns
    assert (work / second / JOB).is_file() and not (work / second / RESULT).is_file()
    assert not (work / report).is_file()
    tools = runpy.run_path(str(STAND_IN))
    monkeypatch.setattr(job, '_call', tools['stand_in'](calls, 0))
    runpy.run_path(script)['main'](arguments)
    _, _, again, third = calls.read_text().split()
    assert again == second and len({first, second, third}) == 3
    assert (work / first / RESULT).stat().st_mtime_ns == stamp
    assert len(list(work.glob(f'*/{RESULT}'))) == 3
    assert (work / report).is_file()
    assert not list(work.glob('*.old*'))
