"""What the demonstration reads and says."""

import json
import math
import os
from pathlib import Path

from .checkpoint import read_checkpoint
from .errors import DataError


def best_checkpoint(work_dir: str | os.PathLike[str]) -> Path:
    """Return the best checkpoint of a run, or its last one where none was evaluated.

    The best of the trained weights and the best of their average are compared by the
    score that each was chosen for; the newer one wins where they have none.

    Raises:
        DataError: The folder holds no checkpoint.
    """
    folder = Path(work_dir)
    best = sorted(folder.glob('best_*.pth'), key=lambda p: p.stat().st_mtime)
    if len(best) > 1:
        best.sort(key=_score)
    last = sorted(folder.glob('iter_*.pth'), key=lambda p: p.stat().st_mtime)
    for found in (best, last):
        if found:
            return found[-1]
    raise DataError(f'{folder}: holds no checkpoint; did the training end early?')


def _score(path: Path) -> float:
    meta = read_checkpoint(path).get('meta') or {}
    return float(meta.get('score', -math.inf))


def test_file(root: str | os.PathLike[str]) -> str:
    """Return the JSON with the images to predict: ``test.json``, else ``val.json``.

    Raises:
        DataError: The folder has neither.
    """
    for name in ('test.json', 'val.json'):
        if (Path(root) / name).is_file():
            return name
    raise DataError(f'{root}: expected test.json or val.json in this folder')


def has_labels(ann_file: str | os.PathLike[str]) -> bool:
    """Return whether a COCO JSON holds annotations."""
    content = json.loads(Path(ann_file).read_text(encoding='utf-8'))
    return bool(content.get('annotations'))


def summary(
    work_dir: str | os.PathLike[str],
    config: str,
    data_root: str,
    metrics: str | os.PathLike[str],
    ann_file: str,
    seconds: float,
) -> str:
    """Return what a demonstration made, where it stands, and what comes next.

    Args:
        work_dir: The folder that it wrote.
        config: The config that it trained.
        data_root: The folder of its data.
        metrics: Its JSON of metrics.
        ann_file: The JSON whose images were scored.
        seconds: How long it took.
    """
    folder = Path(work_dir)
    figures = json.loads(Path(metrics).read_text(encoding='utf-8'))
    rows = {
        'mIoU (global / image / batch)': ('mIoU', 'mIoU_image', 'mIoU_batch'),
        'the same at 256x256': ('mIoU_256', 'mIoU_image_256', 'mIoU_batch_256'),
        'IoU of trash against background': ('trash_IoU',),
    }
    lines = ['', f'== Done in {seconds / 60:.1f} minutes', '']
    lines.append(f'On the photographs of {ann_file}, which no training has seen:')
    for title, keys in rows.items():
        if all(figures.get(key) is not None for key in keys):
            values = ' / '.join(f'{figures[key]:.2f} %' for key in keys)
            lines.append(f'{title}: {values}')
    made = {
        'predictions': 'image, truth, prediction and errors',
        'browse': 'the data, before and after the pipeline',
        'curves.png': 'loss and metrics over the iterations',
        'report/index.html': 'charts and findings about the data',
        'metrics.json': 'all figures, per class too',
        'submission.csv': 'what you would hand in, validated',
    }
    lines.append('')
    for name, text in made.items():
        path = folder / name
        shown = f'{path}/' if path.is_dir() else str(path)
        if path.exists():
            lines.append(f'{shown:45} {text}')
    checkpoint = best_checkpoint(folder)
    lines += [
        f'{checkpoint!s:45} the best checkpoint',
        '',
        'Next, photographs without labels:',
        f'  .venv/bin/python tools/predict.py {config} {checkpoint} photos/ --out out',
        'or your own data (train.json, val.json, test.json and the images):',
        '  make demo DATA_ROOT=/path/to/data',
        f'  .venv/bin/python tools/train.py {config} --data-root /path/to/data',
    ]
    return '\n'.join(lines)
