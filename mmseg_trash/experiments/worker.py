"""The process of one job: python -m mmseg_trash.experiments.worker job.json"""

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from ..cli import run
from ..demo import best_checkpoint
from ..errors import DataError
from ..evaluate import evaluate
from ..fileio import atomic_write
from ..inference.curves import read_scalars
from ..launch import prepare_resume, quiet, run_training
from .job import LABELS, PARENT, PRUNED, RECORDS, RESULT, Job


def checkpoint_of(folder: Path, cfg: Config, kind: str) -> Path:
    """Return the checkpoint of a finished training.

    Raises:
        DataError: There is none.
    """
    last = folder / f'iter_{cfg.train_cfg.max_iters}.pth'
    if kind == 'best' and any(folder.glob('best_*.pth')):
        return best_checkpoint(folder)
    if not last.is_file():
        raise DataError(f'{last}: the training ended without its last checkpoint')
    return last


def seconds_of(folder: Path, cfg: Config) -> float:
    """Return the mean time of an iteration times their number, over all attempts."""
    times = []
    for file in folder.glob('*/vis_data/scalars.json'):
        times += read_scalars(file).get('time', ([], []))[1]
    return float(np.mean(times)) * cfg.train_cfg.max_iters if times else math.nan


def work(job: Job) -> dict[str, Any]:
    """Train, going on from what is there, and evaluate.

    Returns:
        Metrics and seconds.
    """
    folder = Path(job.work_dir)
    cfg = job.load()
    cfg.default_hooks.checkpoint.update(save_last=True, by_epoch=False)
    if not (folder / f'iter_{cfg.train_cfg.max_iters}.pth').is_file():
        prepare_resume(cfg, 'auto')
        run_training(cfg)
        if (folder / PRUNED).is_file():
            raise SystemExit(f'{folder}: was pruned')
    checkpoint = checkpoint_of(folder, cfg, job.checkpoint)
    cfg = job.load()
    metric = cfg.val_evaluator
    metric = metric[0] if isinstance(metric, (list, tuple)) else metric
    cfg.test_evaluator = dict(
        metric,
        type='RecordedIoUMetric',
        records_file=str(folder / RECORDS),
        labels_dir=str(folder / LABELS) if job.save_labels else None,
    )
    cfg.test_dataloader = cfg.val_dataloader
    metrics = evaluate(cfg, checkpoint)
    return dict(metrics=metrics, seconds=seconds_of(folder, cfg))


def follow_parent(pause: float = 1.0) -> None:
    """End this process when the one that started it is gone, killed for example."""
    parent = os.environ.get(PARENT)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(pause)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do the job of the file that the command line names."""
    follow_parent()
    quiet()
    content = json.loads(Path(sys.argv[1]).read_text(encoding='utf-8'))
    job = Job(**content['job'])
    found = work(job)
    found['metrics'] = {
        k: None if math.isnan(v) else v for k, v in found['metrics'].items()
    }
    found['fingerprint'] = content['fingerprint']
    if math.isnan(found['seconds']):
        found['seconds'] = None
    with atomic_write(Path(job.work_dir) / RESULT) as temporary:
        temporary.write_text(json.dumps(found, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    run(main)
