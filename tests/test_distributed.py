"""Two processes train as one process with the doubled batch does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
ITERATIONS = 20
TOLERANCE = 1e-4


def free_port() -> int:
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def config(project: Path, folder: Path, batch: int) -> str:
    """Write a config of a run without any randomness but the order of images.

    BatchNorm's statistics are each process's own on a CPU, so the head gets none.
    """
    path = folder / f'batch{batch}.py'
    path.write_text(
        f"""_base_ = '{project / CONFIG}'
pipeline = [
    *_base_.load_pipeline,
    dict(type='Resize', scale=(64, 64)),
    *_base_.pack_pipeline,
]
train_dataloader = dict(
    batch_size={batch},
    num_workers=0,
    persistent_workers=False,
    dataset=dict(pipeline=pipeline),
)
data_preprocessor = dict(size=(64, 64))
model = dict(

    decode_head=dict(norm_cfg=dict(_delete_=True, type='GN', num_groups=1)),
)
train_cfg = dict(max_iters={ITERATIONS}, val_interval={10 * ITERATIONS})
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=1000))
log_processor = dict(window_size=1)
"""
    )
    return str(path)


def losses(work_dir: Path) -> list[float]:
    """Return the loss of every iteration that a run logged."""
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return [row['loss'] for row in rows if 'loss' in row]


def run(command: list[str], project: Path) -> None:
    environment = {
        **os.environ,
        'PYTHON': sys.executable,
        'PORT': str(free_port()),
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '',
    }
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_same_losses_as_the_doubled_batch(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    data = ['--data-root', str(toy_root), '--from-scratch', '--work-dir']
    one = [sys.executable, 'tools/train.py', config(project, tmp_path, 4), *data]
    run([*one, str(tmp_path / 'one')], project)
    two = ['tools/dist_train.sh', config(project, tmp_path, 2), '2', *data]
    run([*two, str(tmp_path / 'two')], project)
    first, second = losses(tmp_path / 'one'), losses(tmp_path / 'two')
    assert len(first) == len(second) == ITERATIONS
    assert first[-1] < first[0]
    differences = [abs(a - b) for a, b in zip(first, second)]
    assert max(differences) < TOLERANCE, differences
