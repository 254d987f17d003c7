"""Tables and files of an evaluation: pure functions over numbers and matrices."""

import csv
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from prettytable import PrettyTable

from ..fileio import atomic_write
from .confusion import Counts, accuracy_from_confusion, iou_from_confusion

CONFUSION_SUFFIXES = ('.npz', '.csv')
_ROWS = {
    'mIoU': 'global',
    'mIoU_image': 'image',
    'mIoU_batch': 'batch',
    'trash_IoU': 'trash IoU',
}


def miou_table(metrics: Mapping[str, float]) -> str:
    """Draw the mIoUs and the IoU of trash, at full size and resized, as a small table.

    Args:
        metrics: Output of ``TrashIoUMetric``, percent; prefixes before a slash and
            other keys are allowed.

    Returns:
        One row per kind of mIoU that is there, then ``trash IoU``, which is that of any
        object against background; one column per size.

    Raises:
        ValueError: No key is one of these.
    """
    cells: dict[tuple[str, str], float] = {}
    for key, value in metrics.items():
        found = re.fullmatch(rf'(?:.*/)?({"|".join(_ROWS)})(?:_(\d+))?', key)
        if found:
            cells[_ROWS[found[1]], found[2] or 'full'] = value
    if not cells:
        raise ValueError(f'no mIoU among the metrics {list(metrics)}')
    sizes = list(dict.fromkeys(size for _, size in cells))
    table = PrettyTable(['mIoU', *sizes], align='r')
    table.align['mIoU'] = 'l'
    for kind in (row for row in _ROWS.values() if any(row == k for k, _ in cells)):
        row = [cells.get((kind, size), math.nan) for size in sizes]
        table.add_row([kind, *map(_percent, row)])
    return str(table.get_string())


def class_table(confusion: Counts, classes: Sequence[str]) -> str:
    """Draw IoU, accuracy and share of the true and predicted pixels of each class.

    Args:
        confusion: Confusion matrix over the set, C x C, rows the truth.
        classes: Names of the classes, C.

    Returns:
        A table in percent, ``-`` where the class is in neither truth nor prediction.

    Raises:
        ValueError: The number of names is not C.
    """
    _check_classes(confusion, classes)
    total = max(int(confusion.sum()), 1)
    columns = {
        'IoU': iou_from_confusion(confusion),
        'Acc': accuracy_from_confusion(confusion),
        'Truth': confusion.sum(1) / total,
        'Predicted': confusion.sum(0) / total,
    }
    table = PrettyTable(['Class', *columns], align='r')
    table.align['Class'] = 'l'
    for name, *values in zip(classes, *columns.values()):
        table.add_row([name, *(_percent(100 * value) for value in values)])
    return str(table.get_string())


def write_confusion(
    confusion: Counts, classes: Sequence[str], path: str | os.PathLike[str]
) -> None:
    """Write a confusion matrix with the names of its classes.

    Args:
        confusion: Pixel counts, C x C, rows the truth.
        classes: Names of the classes, C.
        path: ``.npz`` (arrays ``confusion`` and ``classes``) or ``.csv`` (a header row
            and a first column of names; ``truth/prediction`` in the corner).

    Raises:
        ValueError: The suffix is another, or the number of names is not C.
    """
    check_confusion_path(path)
    _check_classes(confusion, classes)
    with atomic_write(path) as temporary:
        if temporary.suffix == '.npz':
            np.savez_compressed(temporary, confusion=confusion, classes=list(classes))
            return
        with temporary.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(['truth/prediction', *classes])
            for name, row in zip(classes, confusion.tolist()):
                writer.writerow([name, *row])


def check_confusion_path(path: str | os.PathLike[str]) -> None:
    """Raise a ValueError if ``write_confusion`` could not write to the path."""
    if Path(path).suffix not in CONFUSION_SUFFIXES:
        raise ValueError(f'expected a file .npz or .csv, got {os.fspath(path)!r}')


def write_metrics(metrics: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write metrics as JSON; NaN, which JSON lacks, becomes null.

    Args:
        metrics: Names and numbers.
        path: The file, replaced whole.
    """
    numbers = {key: float(value) for key, value in metrics.items()}
    known = {
        key: None if math.isnan(value) else value for key, value in numbers.items()
    }
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(known, indent=2) + '\n', encoding='utf-8')


def _percent(value: float) -> str:
    """Format a percentage, a dash for NaN."""
    return '-' if math.isnan(value) else f'{value:.2f}'


def _check_classes(confusion: Counts, classes: Sequence[str]) -> None:
    """Raise a ValueError if matrix and names do not fit."""
    if confusion.shape != (len(classes), len(classes)):
        raise ValueError(
            f'{len(classes)} class names for a matrix of the shape {confusion.shape}'
        )
