import csv
import json
import math

import numpy as np
import pytest

from mmseg_trash.metrics.report import (
    class_table,
    miou_table,
    write_confusion,
    write_metrics,
)

MATRIX = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
CLASSES = ('Background', 'Plastic bag', 'Battery')


def cells(table):
    return [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in table.splitlines()
        if line.startswith('|')
    ]


def test_miou_table():
    metrics = {
        'val/mIoU': 51.234,
        'val/mIoU_image': 48.0,
        'val/mIoU_batch': math.nan,
        'val/mIoU_256': 50.0,
        'val/mIoU_image_256': 47.5,
        'val/trash_IoU_256': 70.126,
        'val/aAcc': 99.0,
        'val/IoU_Paper': 1.0,
        'loss': 0.3,
    }
    assert cells(miou_table(metrics)) == [
        ['mIoU', 'full', '256'],
        ['global', '51.23', '50.00'],
        ['image', '48.00', '47.50'],
        ['batch', '-', '-'],
        ['trash IoU', '-', '70.13'],
    ]
    with pytest.raises(ValueError, match=r"no mIoU among the metrics \['aAcc'\]"):
        miou_table({'aAcc': 1.0})
    old = {'mIoU': 51.234, 'IoU_trash_IoU': 1.0}
    assert cells(miou_table(old))[1:] == [['global', '51.23']]


def test_class_table():
    assert cells(class_table(MATRIX, CLASSES)) == [
        ['Class', 'IoU', 'Acc', 'Truth', 'Predicted'],
        ['Background', '75.00', '75.00', '50.00', '37.50'],
        ['Plastic bag', '80.00', '100.00', '50.00', '62.50'],
        ['Battery', '-', '-', '0.00', '0.00'],
    ]
    assert cells(class_table(MATRIX * 0, CLASSES))[1][3] == '0.00'
    with pytest.raises(ValueError, match=r'2 class names .* \(3, 3\)'):
        class_table(MATRIX, CLASSES[:2])


def test_write_confusion(tmp_path):
    write_confusion(MATRIX, CLASSES, tmp_path / 'a.npz')
    with np.load(tmp_path / 'a.npz') as stored:
        assert np.array_equal(stored['confusion'], MATRIX)
        assert stored['classes'].tolist() == list(CLASSES)
    write_confusion(MATRIX, CLASSES, tmp_path / 'a.csv')
    with (tmp_path / 'a.csv').open(newline='') as file:
        rows = list(csv.reader(file))
    assert rows[0] == ['truth/prediction', *CLASSES]
    assert rows[1] == ['Background', '3', '1', '0']
    for path, classes in (('a.txt', CLASSES), ('b.csv', CLASSES[:1])):
        with pytest.raises(ValueError, match=r"'a\.txt'|1 class names"):
            write_confusion(MATRIX, classes, path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.csv', 'a.npz']


def test_write_metrics(tmp_path):
    write_metrics(
        {'mIoU': np.float64(51.2), 'IoU_Battery': math.nan}, tmp_path / 'm.json'
    )
    stored = json.loads((tmp_path / 'm.json').read_text())
    assert stored == {'mIoU': 51.2, 'IoU_Battery': None}
