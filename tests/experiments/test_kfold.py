"""The tables of folds, from records that are made up."""

import numpy as np
import pytest

from mmseg_trash.experiments.kfold import class_table
from mmseg_trash.metrics.records import Records

COUNTS = [[5, 1, 0], [1, 2, 1], [0, 1, 3]]


def make(name: str, classes: tuple[str, ...]) -> Records:
    """Return the records of one image at full size."""
    return Records([name], np.array([[COUNTS]], np.int64), [0], [0], classes)


@pytest.mark.parametrize(('classes', 'last'), [
    (('Background', 'Can', 'Cup'), 'Cup'), ((), '2'),
])  # fmt: skip
def test_classes_have_the_names_of_the_data_set(
    classes: tuple[str, ...], last: str
) -> None:
    row = class_table(make('a.jpg', classes)).splitlines()[-1]
    assert [cell.strip() for cell in row.split('|')[1:-1]] == [last, '60.00']
