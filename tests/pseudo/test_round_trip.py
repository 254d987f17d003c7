"""Label maps to JSON to ``TrashDataset`` and back, pixel by pixel."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.coco import check_coco
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.trained import pseudo_info
from mmseg_trash.pseudo.writer import PseudoWriter

SIZE = (36, 50)
Labels = dict[str, NDArray[np.uint8]]


def maps() -> Labels:
    """Return label maps of every kind that could get lost."""
    rng = np.random.default_rng(0)
    found = {}
    ring = np.zeros(SIZE, np.uint8)
    ring[4:30, 4:40] = 2
    ring[10:20, 10:30] = 0  # a hole of background
    ring[12:18, 12:20] = 5  # an island in it
    ring[14:16, 14:16] = 255  # a hole of ignored pixels in that
    found['a/ring.jpg'] = ring
    touching = np.zeros(SIZE, np.uint8)
    touching[:, :10], touching[:, 10:20], touching[:18, 20:] = 1, 2, 1
    touching[18:, 20:30], touching[35, 49] = 2, 10
    found['a/touching.jpg'] = touching
    found['a/background.jpg'] = np.zeros(SIZE, np.uint8)
    found['a/ignored.jpg'] = np.full(SIZE, 255, np.uint8)
    found['b/one_class.png'] = np.full((7, 91), 9, np.uint8)
    values = np.array([*range(11), 255], np.uint8)
    found['b/noise.jpg'] = rng.choice(values, SIZE)
    diagonal = np.zeros(SIZE, np.uint8)
    np.fill_diagonal(diagonal, 4)
    found['c/diagonal.jpg'] = diagonal
    return found


def write(root: Path, labels: Labels, classes: Any = CLASSES) -> Path:
    """Write the label maps and images of their sizes; return the JSON."""
    writer = PseudoWriter(classes)
    for name, label in labels.items():
        writer.add(name, label)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image = np.zeros((*label.shape, 3), np.uint8)
        assert cv2.imwrite(str(root / name), image)
    writer.write(root / 'pseudo.json', dict(round=1))
    return root / 'pseudo.json'


@pytest.mark.parametrize('rule', ['area', 'class_id', 'vertices'])
def test_round_trip_is_exact(tmp_path: Path, rule: str) -> None:
    labels = maps()
    write(tmp_path, labels)
    dataset = TrashDataset('pseudo.json', data_root=str(tmp_path), rule=rule)
    assert len(dataset) == len(labels)
    for place, (name, label) in enumerate(labels.items()):
        assert dataset.get_data_info(place)['file_name'] == name
        np.testing.assert_array_equal(dataset.label_map_of(place), label, name)
    # regions are objects that CopyPaste and the samplers can use
    assert [obj.label for obj in dataset.instances(0)] == [2, 5]
    assert [obj.label for obj in dataset.instances(1)] == [1, 1, 2, 10]


@pytest.mark.parametrize('value', [0, 255])
def test_nothing_but_one_fill(tmp_path: Path, value: int) -> None:
    label = np.full(SIZE, value, np.uint8)
    write(tmp_path, {'x.jpg': label, 'y.jpg': label})
    dataset = TrashDataset('pseudo.json', data_root=str(tmp_path))
    assert dataset.has_labels
    for place in range(2):
        np.testing.assert_array_equal(dataset.label_map_of(place), label)


def test_own_classes_without_background(tmp_path: Path) -> None:
    label = np.array([[0, 1, 255], [1, 1, 0]], np.uint8)
    empty = np.full((4, 5), 255, np.uint8)
    write(tmp_path, {'x.png': label, 'y.png': empty}, ['sky', 'Battery'])
    dataset = TrashDataset(
        'pseudo.json',
        data_root=str(tmp_path),
        metainfo=dict(classes=['sky', 'Battery']),
    )
    np.testing.assert_array_equal(dataset.label_map_of(0), label)
    np.testing.assert_array_equal(dataset.label_map_of(1), empty)


def test_another_reader_agrees(tmp_path: Path) -> None:
    """pycocotools' own reader sees the same pixels, once each."""
    labels = maps()
    coco = COCO(str(write(tmp_path, labels)))
    for image in coco.loadImgs(coco.getImgIds()):
        total = np.zeros((image['height'], image['width']), np.int64)
        seen = np.zeros_like(total)
        for entry in coco.loadAnns(coco.getAnnIds(image['id'])):
            mask = coco.annToMask(entry)
            seen += mask
            total += mask * np.int64(entry['category_id'])
            assert mask.sum() == entry['area']
            x, y, w, h = entry['bbox']
            assert mask[y : y + h, x : x + w].sum() == entry['area']
        assert seen.max() == 1
        np.testing.assert_array_equal(total, labels[image['file_name']])


def test_faults_and_provenance(tmp_path: Path) -> None:
    path = write(tmp_path, maps())
    images, faults = check_coco(path, CategoryRule(CLASSES))
    assert len(images) == len(maps())
    assert not faults
    assert pseudo_info(path) == dict(round=1)
    assert json.loads(path.read_text())['images'][0]['id'] == 0
    (tmp_path / 'other.json').write_text('{"images": [{"file_name": "pseudo"}]}')
    assert pseudo_info(tmp_path / 'other.json') is None
    writer = PseudoWriter(CLASSES)
    with pytest.raises(DataError, match=r'x.jpg: label 11: expected 0 to 10'):
        writer.add('x.jpg', np.full((2, 2), 11, np.uint8))
    with pytest.raises(DataError, match='no image is left'):
        writer.write(tmp_path / 'none.json', dict(round=1))
    assert not (tmp_path / 'none.json').exists()
    writer.add('x.jpg', np.zeros((2, 2), np.uint8))
    with pytest.raises(DataError, match=r'x\.jpg: comes twice'):
        writer.add('x.jpg', np.zeros((2, 2), np.uint8))
