"""Pseudo labels beside true ones, drawn by weight."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.dataset import InfiniteSampler

from mmseg_trash.config import build_dataset, load_config
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.experiments.fingerprint import data_hash
from mmseg_trash.hooks.dataset_parts import parts
from mmseg_trash.pseudo.writer import PseudoWriter

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


def label_test_images(root: Path, path: Path, fill: int = 3) -> Path:
    """Label the test images by one class."""
    dataset = TrashDataset('test.json', data_root=str(root))
    writer = PseudoWriter(dataset.metainfo['classes'])
    for place in range(len(dataset)):
        info = dataset.get_data_info(place)
        shape = info['height'], info['width']
        writer.add(info['file_name'], np.full(shape, fill, np.uint8))
    writer.write(path, dict(round=1))
    return path


def names(dataset: Any, places: Any) -> Counter:
    return Counter(dataset.get_data_info(int(p))['file_name'] for p in places)


@pytest.mark.parametrize('weight', [0.05, 0.5, 1, 2.5])
def test_weight_is_the_odds_of_being_drawn(
    toy_root: Path, tmp_path: Path, weight: float
) -> None:
    path = label_test_images(toy_root, tmp_path / 'pseudo.json')
    dataset = build_dataset(
        dict(
            type='PseudoLabelledDataset',
            data_root=str(toy_root),
            pseudo=[dict(ann_file=str(path), weight=weight)],
        )
    )
    labelled = {p.get_data_info(i)['file_name'] for p in dataset.datasets[:1]
                for i in range(len(p))}  # fmt: skip
    counts = names(dataset, range(len(dataset)))
    assert len(counts) == 8 + 3
    once = {counts[name] for name in labelled}
    further = {counts[name] for name in counts.keys() - labelled}
    assert len(once) == len(further) == 1
    assert further.pop() == weight * once.pop()
    # the sampler of the configs draws accordingly
    drawn = names(dataset, islice(InfiniteSampler(dataset, seed=0), 4000))
    share = sum(n for name, n in drawn.items() if name not in labelled) / 4000
    assert share == pytest.approx(3 * weight / (8 + 3 * weight), abs=0.01)


def test_any_config_takes_it(project: Path, toy_root: Path, tmp_path: Path) -> None:
    path = label_test_images(toy_root, tmp_path / 'pseudo.json')
    node = 'train_dataloader.dataset'
    options: dict[str, Any] = {
        f'{node}.type': 'PseudoLabelledDataset',
        f'{node}.pseudo': str(path),
    }
    options[f'{node}.pseudo_weight'] = 0.5
    cfg = load_config(project / CONFIG, options, data_root=toy_root)
    dataset = build_dataset(cfg.train_dataloader.dataset)
    assert len(dataset) == 2 * 8 + 3
    assert [len(part) for part in parts(dataset)] == [8, 3]
    sample = dataset[len(dataset) - 1]
    label = sample['data_samples'].gt_sem_seg.data
    assert sample['inputs'].shape[1:] == label.shape[1:]
    assert label.unique().tolist() == [3]
    assert dataset.get_cat_ids(len(dataset) - 1) == [3]
    counts = dataset.class_counts()
    assert counts.shape == (19, 11)
    assert (counts[-3:, 3] == 128 * 128).all()
    assert (counts[:8] == counts[8:16]).all()
    # what the labels say is part of what a run depends on
    before = data_hash(cfg)
    label_test_images(toy_root, path, fill=4)
    assert data_hash(cfg) != before


def test_refusals(toy_root: Path, tmp_path: Path) -> None:
    path = str(label_test_images(toy_root, tmp_path / 'pseudo.json'))
    base = dict(type='PseudoLabelledDataset', data_root=str(toy_root))
    for weight in (0, -1, 21, 'half', True):
        with pytest.raises(ConfigError, match='weight must be a number from 0.05 to'):
            build_dataset({**base, 'pseudo': [dict(ann_file=path, weight=weight)]})
    with pytest.raises(ConfigError, match='expected ann_file'):
        build_dataset({**base, 'pseudo': [dict(weight=1)]})
    with pytest.raises(DataError, match=r'val\.json: holds no pseudo labels'):
        wrong = dict(ann_file=str(toy_root / 'val.json'))
        build_dataset({**base, 'pseudo': [wrong]})
    with pytest.raises(DataError, match='3 images have true labels as well'):
        both = {**base, 'ann_file': 'test.json', 'pseudo': [dict(ann_file=path)]}
        build_dataset(both)


@pytest.mark.parametrize('kind', ['ClassMix', 'CopyPaste', 'CutMix', 'Mosaic'])
def test_donors_are_labelled_images(toy_root: Path, tmp_path: Path, kind: str) -> None:
    """Pseudo labels may be background alone, and are not spread further."""
    path = label_test_images(toy_root, tmp_path / 'pseudo.json', fill=0)
    loading = [dict(type='LoadTrashImage'), dict(type='LoadLabelMap')]
    dataset = build_dataset(
        dict(
            type='PseudoLabelledDataset',
            data_root=str(toy_root),
            pipeline=[*loading, dict(type=kind, prob=1.0)],
            pseudo=str(path),
        )
    )
    labelled, further = dataset.datasets
    np.random.seed(0)
    found = {int(x) for _ in range(4) for x in np.unique(further[0]['gt_seg_map'])}
    assert found > {0}
    assert further[0]['dataset'] is further and further[0]['donors'] is labelled
    assert labelled[0]['donors'] is labelled
