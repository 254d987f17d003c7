"""The tables of folds, from records that are made up."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.experiments.job import Job, Result
from mmseg_trash.experiments.kfold import class_table, write_out_of_fold
from mmseg_trash.metrics.records import Records

COUNTS = [[5, 1, 0], [1, 2, 1], [0, 1, 3]]


def make(name: str, classes: tuple[str, ...]) -> Records:
    """Return the records of one image at full size."""
    return Records([name], np.array([[COUNTS]], np.int64), [0], [0], classes)


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table in Markdown, without the rule."""
    lines = [line for line in table.splitlines() if line.startswith('|')]
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines]
    return [cells[0], *cells[2:]]


@pytest.mark.parametrize(('classes', 'last'), [
    (('Background', 'Can', 'Cup'), 'Cup'), ((), '2'),
])  # fmt: skip
def test_classes_have_the_names_of_the_data_set(
    classes: tuple[str, ...], last: str
) -> None:
    assert rows(class_table(make('a.jpg', classes)))[-1] == [last, '60.00']


@pytest.mark.parametrize(('first', 'second', 'expected'), [
    (('Background', 'Can', 'Cup'), ('Background', 'Can', 'Cup'), ['77.78'] * 3),
    # The first fold is of an earlier version.
    ((), ('Background', 'Can', 'Cup'), ['-', '77.78', '77.78']),
    (('Bag', 'Can', 'Cup'), ('Bag', 'Can', 'Cup'), None),
])  # fmt: skip
def test_trash_has_a_column(
    tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...],
    expected: list[str] | None,
) -> None:  # fmt: skip
    parts = [make('a.jpg', first), make('b.jpg', second)]
    results = [
        Result(Job('c.py', '', fold=fold), {}, 60.0, '', part)
        for fold, part in enumerate(parts)
    ]
    write_out_of_fold(results, tmp_path)
    head, *body = rows((tmp_path / 'oof.md').read_text().split('\n\n')[0])
    assert [len(row) for row in body] == [len(head)] * 3
    metrics = json.loads((tmp_path / 'oof_metrics.json').read_text())
    if expected is None:
        assert 'trash_IoU' not in head and 'trash_IoU' not in metrics
    else:
        place = head.index('trash_IoU')
        assert [row[place] for row in body] == expected
        # Of 9 pixels with an object in truth or prediction, both have one in 7.
        assert metrics['trash_IoU'] == round(700 / 9, 4)
