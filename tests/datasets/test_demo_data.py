"""The real data set that ships with the project."""

from pathlib import Path

import pytest

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.check import check_data_root
from mmseg_trash.metainfo import CLASSES

COUNTS = {'train': (137, 98, 62), 'val': (29, 21, 14), 'test': (29, 21, 14)}
LIMIT = 5.5e6
"""Bytes of the whole folder: it comes with every clone."""


@pytest.fixture
def demo_data(project: Path) -> Path:
    """Return the folder of the data set."""
    return project / 'tools/demo_data'


def test_no_faults(demo_data: Path) -> None:
    assert not check_data_root(demo_data, CategoryRule(CLASSES))
    photographs = {path.name for path in (demo_data / 'images').iterdir()}
    files = [path for path in demo_data.rglob('*') if path.is_file()]
    assert len(photographs) == 425 and len(files) == 425 + 5
    assert sum(path.stat().st_size for path in files) <= LIMIT


def test_counts_are_those_of_the_readme(demo_data: Path) -> None:
    readme = (demo_data / 'README.md').read_text(encoding='utf-8')
    seen: set[str] = set()
    for name, counts in COUNTS.items():
        dataset = TrashDataset(f'{name}.json', str(demo_data))
        pixels = dataset.class_counts()
        assert pixels.sum() == len(dataset) * 384 * 288
        labels = [CLASSES.index(c) for c in ('Glass', 'Plastic', 'Metal')]
        assert tuple((pixels[:, labels] > 0).sum(0)) == counts
        assert ((pixels > 0).sum(1) <= 2).all()
        assert ' | '.join(map(str, (len(dataset), *counts))) in readme
        names = {dataset.get_data_info(i)['file_name'] for i in range(len(dataset))}
        assert not names & seen
        seen |= names


def test_notices_travel_with_the_data(demo_data: Path) -> None:
    licence = (demo_data / 'LICENSE').read_text(encoding='utf-8')
    assert licence.count('Permission is hereby granted, free of charge') == 2
    assert licence.count('THE SOFTWARE IS PROVIDED "AS IS"') == 2
    for text in ('2017 Gary Thung', 'Mindy Yang', '2021 Srihari M', 'Vignesh Desmond'):
        assert text in licence
    readme = (demo_data / 'README.md').read_text(encoding='utf-8')
    assert 'citation' in readme and 'github.com/garythung/trashnet' in readme
