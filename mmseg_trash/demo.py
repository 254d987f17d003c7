"""What the demonstration reads and says."""

import json
import os
from pathlib import Path

from .errors import DataError


def newest_checkpoint(work_dir: str | os.PathLike[str]) -> Path:
    """Return the best checkpoint of a run, or its last one where none was evaluated.

    Raises:
        DataError: The folder holds no checkpoint.
    """
    folder = Path(work_dir)
    for pattern in ('best_*.pth', 'iter_*.pth'):
        found = sorted(folder.glob(pattern), key=lambda p: p.stat().st_mtime)
        if found:
            return found[-1]
    raise DataError(f'{folder}: holds no checkpoint; did the training end early?')


def test_file(root: str | os.PathLike[str]) -> str:
    """Return the JSON with the images to predict: ``test.json``, else ``val.json``.

    Raises:
        DataError: The folder has neither.
    """
    for name in ('test.json', 'val.json'):
        if (Path(root) / name).is_file():
            return name
    raise DataError(f'{root}: expected test.json or val.json in this folder')


def summary(
    work_dir: str | os.PathLike[str], metrics: str | os.PathLike[str], seconds: float
) -> str:
    """Return what a demonstration made, where it stands, and what comes next.

    Args:
        work_dir: The folder that it wrote.
        metrics: Its JSON of metrics.
        seconds: How long it took.
    """
    folder = Path(work_dir)
    figures = json.loads(Path(metrics).read_text(encoding='utf-8'))
    rows: dict[str, tuple[str, ...]] = {
        'mIoU (global / image / batch)': ('mIoU', 'mIoU_image', 'mIoU_batch'),
        'the same at 256x256': ('mIoU_256', 'mIoU_image_256', 'mIoU_batch_256'),
    }
    trash = ('trash_IoU', 'trash_IoU_256')
    if all(figures.get(key) is not None for key in trash):
        rows['IoU of trash against background (full size / 256x256)'] = trash
    lines = ['', f'== Done in {seconds / 60:.1f} minutes', '']
    for title, keys in rows.items():
        lines.append(f'{title}: ' + ' / '.join(f'{figures[k]:.2f} %' for k in keys))
    made = {
        'browse': 'the data, before and after the pipeline',
        'predictions': 'image, truth, prediction and errors',
        'curves.png': 'loss and metrics over the iterations',
        'metrics.json': 'all figures, per class too',
        'submission.csv': 'what you would hand in, validated',
    }
    lines.append('')
    for name, text in made.items():
        path = folder / name
        shown = f'{path}/' if path.is_dir() else str(path)
        if path.exists():
            lines.append(f'{shown:45} {text}')
    lines += [
        f'{newest_checkpoint(folder)!s:45} the best checkpoint',
        '',
        'Next, on your own data (train.json, val.json, test.json and the images):',
        '  make demo DATA_ROOT=/path/to/data',
        '  .venv/bin/python tools/train.py '
        'configs/segformer/segformer_mit-b2_1xb8-20k_trash-512x512.py '
        '--data-root /path/to/data',
    ]
    return '\n'.join(lines)
