"""Train, resume, evaluate and submit by command line, on toy data."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = (
    'configs/segformer/segformer_mit-b0-scratch_1xb8-classmix-iouce-1k_toy-128x128.py'
)


def run(project: Path, tool: str, *arguments: object, status: int = 0) -> str:
    command = [sys.executable, f'tools/{tool}', *map(str, arguments)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert done.returncode == status, output[-3000:]
    return output


def losses(work_dir: Path) -> list[float]:
    """Return the losses that the runs of a work_dir logged, in order."""
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return [row['loss'] for row in rows if 'loss' in row]


@pytest.fixture(scope='module')
def trained(
    project: Path, toy_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    work_dir = tmp_path_factory.mktemp('run')
    run(
        project, 'train.py', CONFIG, '--data-root', toy_root, '--work-dir', work_dir,
        '--debug', '--seed', 7,
    )  # fmt: skip
    return work_dir


def test_same_seed_same_losses(
    project: Path, toy_root: Path, trained: Path, tmp_path: Path
) -> None:
    common = (CONFIG, '--data-root', toy_root, '--debug', '--seed')
    run(project, 'train.py', *common, 7, '--work-dir', tmp_path / 'a')
    run(project, 'train.py', *common, 8, '--work-dir', tmp_path / 'b', '--amp')
    first, again, other = (losses(d) for d in (trained, tmp_path / 'a', tmp_path / 'b'))
    assert len(first) == 10
    assert first == again
    assert first != other and all(map(math.isfinite, other))


def test_resume_goes_on(project: Path, toy_root: Path, trained: Path) -> None:
    before = losses(trained)
    (dumped,) = trained.glob('*.py')
    run(
        project, 'train.py', dumped, '--work-dir', trained, '--resume', '--seed', 7,
        '--cfg-options', 'train_cfg.max_iters=24', 'default_hooks.logger.interval=2',
    )  # fmt: skip
    assert len(losses(trained)) == len(before) + 2
    assert (trained / 'iter_24.pth').exists()


def test_evaluate_and_submit(
    project: Path, toy_root: Path, trained: Path, tmp_path: Path
) -> None:
    (best,) = trained.glob('best_mIoU_*.pth')
    common = (CONFIG, best, '--data-root', toy_root)
    plain, views = tmp_path / 'plain.json', tmp_path / 'views.json'
    run(project, 'test.py', *common, '--work-dir', tmp_path, '--out', plain)
    run(project, 'test.py', *common, '--work-dir', tmp_path, '--out', views, '--tta')
    metrics = [json.loads(path.read_text()) for path in (plain, views)]
    for figures in metrics:
        assert 0 < figures['mIoU_256'] <= 100
    assert metrics[0] != metrics[1]
    csv = tmp_path / 'submission.csv'
    output = run(project, 'submit.py', *common, '--out', csv, '--tta')
    assert '3 rows' in output and 'checked' in output


def test_errors_are_one_line(project: Path, toy_root: Path, tmp_path: Path) -> None:
    output = run(
        project, 'train.py', CONFIG, '--data-root', tmp_path, '--debug',
        '--work-dir', tmp_path / 'w', status=2,
    )  # fmt: skip
    assert 'Traceback' not in output
    assert f'error: annotation file {tmp_path}/train.json does not exist' in output
