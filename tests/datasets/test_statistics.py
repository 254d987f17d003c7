"""Class statistics equal a count by hand."""

from pathlib import Path

import numpy as np

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.statistics import class_statistics


def test_by_hand() -> None:
    counts = np.array([[5, 0, 1], [6, 0, 0]])
    numbers = class_statistics(counts, np.array([2, 2, 1]))
    assert numbers.images.tolist() == [2, 0, 1]
    assert numbers.instances.tolist() == [0, 1, 2]
    assert numbers.pixels.tolist() == [11, 0, 1]


def test_of_a_data_set(root: Path) -> None:
    dataset = TrashDataset(data_root=root)
    numbers = class_statistics(dataset.class_counts(), dataset.instance_index().label)
    assert numbers.images[0] == 3 and numbers.pixels.sum() == 3 * 40 * 48
    assert numbers.instances[[8, 2, 6, 4, 9]].tolist() == [1] * 5
    assert numbers.instances.sum() == 5
