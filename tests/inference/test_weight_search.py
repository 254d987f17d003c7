"""Weights are searched on one half of the images and checked on the other."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmseg_trash.config import build_dataset
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.weight_search import Held, climb, hold, score, search
from mmseg_trash.metainfo import CLASSES


def noisy(seed: int, noise: tuple[float, ...], images: int = 12) -> list[Held]:
    """Members that see the truth under noise of their own."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(images):
        label = random.integers(0, 4, 900).astype(np.uint8)
        rows = []
        for level in noise:
            logits = 4 * np.eye(4)[label].T + level * random.normal(size=(4, 900))
            probs = np.exp(logits) / np.exp(logits).sum(0)
            rows.append(np.rint(255 * probs).astype(np.uint8))
        found.append(Held(str(number), np.stack(rows), label))
    return found


@pytest.mark.parametrize('metric', ['mIoU', 'mIoU_image'])
def test_the_better_member_gets_more(metric: str) -> None:
    images = noisy(0, (2.0, 2.0, 12.0))
    found = search(images, metric)
    assert found.weights[2] < min(found.weights[:2])
    assert found.held_out > found.held_out_equal > max(found.alone[2], 0)
    assert found.holds and sum(found.weights) == pytest.approx(1, abs=1e-3)
    assert found == search(images, metric), 'the same again'


def test_gains_by_chance_do_not_hold() -> None:
    """Equal members: what one half prefers is worth nothing on the other."""
    gains = []
    for seed in range(6):
        found = search(noisy(seed, (4.0, 4.0, 4.0), 4), 'mIoU')
        assert found.chosen >= found.chosen_equal
        gains.append(found.holds)
    assert not all(gains)


def test_score_by_loops() -> None:
    (image,) = noisy(1, (3.0, 5.0), 1)
    weights = [0.3, 0.7]
    hits, union = np.zeros(4), np.zeros(4)
    for pixel in range(900):
        values = [
            sum(w * float(image.probs[m, c, pixel]) for m, w in enumerate(weights))
            for c in range(4)
        ]
        best, true = int(np.argmax(values)), int(image.label[pixel])
        hits[true] += best == true
        union[true] += 1
        union[best] += best != true
    assert score([image], weights, 'mIoU') == pytest.approx((hits / union).mean())
    assert score([image], weights, 'mIoU_image') == pytest.approx((hits / union).mean())


def test_climb_finds_the_top() -> None:
    top = np.array([0.6, 0.1, 0.3])
    found = climb(lambda w: -float(np.abs(w - top).sum()), 3)
    assert np.abs(found - top).max() < 0.05
    assert climb(lambda w: 1.0, 4).tolist() == [0.25] * 4


@pytest.fixture
def stores(toy_root: Path, tmp_path: Path) -> list[Path]:
    """Write two stores about the toy's training images: one nearly true, one noise."""
    dataset: Any = build_dataset(
        dict(type='TrashDataset', data_root=str(toy_root), pipeline=[], test_mode=True)
    )
    random = np.random.default_rng(0)
    folders = [tmp_path / name for name in 'ab']
    for folder, share in zip(folders, (0.5, 0.05)):
        store = ProbStore(folder, CLASSES)
        for place in range(len(dataset)):
            label = dataset.label_map_of(place)
            noise = np.moveaxis(random.dirichlet([0.3] * 11, label.shape), -1, 0)
            truth = np.eye(11)[np.minimum(label, 10)].transpose(2, 0, 1)
            probs = (share * truth + (1 - share) * noise).astype(np.float32)
            store.write(dataset.get_data_info(place)['file_name'], probs)
    return folders


def test_tool_writes_a_recipe(
    stores: list[Path], toy_root: Path, project: Path, tmp_path: Path, capsys: Any
) -> None:
    main = runpy.run_path(str(project / 'tools/search_weights.py'))['main']
    oof, live, out = (tmp_path / f'{name}.yaml' for name in ('oof', 'live', 'out'))
    members = [dict(store=str(folder)) for folder in stores]
    oof.write_text(yaml.safe_dump(dict(data_root=str(toy_root), members=members)))
    lives = [dict(config=f'{n}.py', checkpoint=f'{n}.pth', tta=True) for n in 'ab']
    live.write_text(yaml.safe_dump(dict(data_root='data', members=lives)))
    arguments = ['--ann-file', 'train.json', '--out', str(out)]
    main([str(oof), '--into', str(live), *arguments])
    text = capsys.readouterr().out
    assert 'other images' in text and 'mIoU_256' in text
    content = yaml.safe_load(out.read_text())
    first, second = content['members']
    assert first.pop('weight') > second.pop('weight')
    assert content == yaml.safe_load(live.read_text()), 'but for the weights'
    live.write_text(yaml.safe_dump(dict(data_root='data', members=lives[:1])))
    with pytest.raises(ConfigError, match='expected 2 members'):
        main([str(oof), '--into', str(live), *arguments])
    oof.write_text(yaml.safe_dump(dict(members=members[:1])))
    with pytest.raises(ConfigError, match='two or more members'):
        main([str(oof), *arguments])


def test_what_holding_refuses(stores: list[Path], toy_root: Path) -> None:
    options = dict(type='TrashDataset', data_root=str(toy_root), pipeline=[])
    train: Any = build_dataset(dict(options, test_mode=True))
    opened = [ProbStore.open(folder) for folder in stores]
    full = hold(opened, train, 'mIoU_image')
    assert len(full) == len(json.loads((toy_root / 'train.json').read_text())['images'])
    assert full[0].probs.shape == (2, 11, 128 * 128)
    assert hold(opened, train, 'mIoU_256')[0].probs.shape == (2, 11, 256 * 256)
    with pytest.raises(ConfigError, match="metric 'iou'"):
        hold(opened, train, 'iou')
    val: Any = build_dataset(dict(options, ann_file='val.json', test_mode=True))
    with pytest.raises(DataError, match='0 images of the labels'):
        hold(opened, val, 'mIoU')
