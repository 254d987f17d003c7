"""Two processes train as one process with the doubled batch does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-2k_toy-128x128.py'
ITERATIONS = 20
TOLERANCE = 1e-4


def free_port() -> int:
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def options(batch: int) -> list[str]:
    """Return overrides for a run without any randomness but the order of images.

    BatchNorm's statistics are each process's own on a CPU, so the head gets none.
    """
    return [
        '--cfg-options',
        f'train_dataloader.batch_size={batch}',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'train_dataloader.dataset.pipeline.2.ratio_range=(0.5,0.5)',
        'train_dataloader.dataset.pipeline.2.crop_size=(64,64)',
        'train_dataloader.dataset.pipeline.2.cat_max_ratio=1.0',
        'train_dataloader.dataset.pipeline.3.prob=0.0',
        'train_dataloader.dataset.pipeline.4.brightness_delta=0',
        'train_dataloader.dataset.pipeline.4.contrast_range=(1,1)',
        'train_dataloader.dataset.pipeline.4.saturation_range=(1,1)',
        'train_dataloader.dataset.pipeline.4.hue_delta=0',
        'model.backbone.drop_path_rate=0.0',
        'model.decode_head.dropout_ratio=0.0',
        'model.decode_head.norm_cfg.type=GN',
        'model.decode_head.norm_cfg.num_groups=1',
        f'train_cfg.max_iters={ITERATIONS}',
        f'train_cfg.val_interval={10 * ITERATIONS}',
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=1000',
        'log_processor.window_size=1',
    ]


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
    data = ['--data-root', str(toy_root), '--from-scratch']
    one = [sys.executable, 'tools/train.py', CONFIG, *data]
    run([*one, '--work-dir', str(tmp_path / 'one'), *options(4)], project)
    two = ['tools/dist_train.sh', CONFIG, '2', *data]
    run([*two, '--work-dir', str(tmp_path / 'two'), *options(2)], project)
    first, second = losses(tmp_path / 'one'), losses(tmp_path / 'two')
    assert len(first) == len(second) == ITERATIONS
    assert first[-1] < first[0]
    assert max(abs(a - b) for a, b in zip(first, second)) < TOLERANCE
