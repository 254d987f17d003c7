"""Tiny COCO data sets."""

import copy
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mmseg_trash.metainfo import CLASSES

SIZE = (40, 48)  # height, width


def box(x: float, y: float, w: float, h: float) -> list[float]:
    """Return a rectangle as polygon."""
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def make_coco() -> dict[str, Any]:
    """Return three images: two objects, three objects of two polygons, none."""
    images = [
        dict(id=i, file_name=f'batch_0{i}/000{i}.jpg', height=SIZE[0], width=SIZE[1])
        for i in range(3)
    ]
    categories = [
        dict(id=label, name=name, supercategory=name)
        for label, name in enumerate(CLASSES)
        if label
    ]
    rows = [
        (0, 8, [box(2, 2, 30, 30)], 900),
        (0, 2, [box(10, 10, 8, 8)], 64),
        (1, 6, [box(0, 0, 10, 10), box(20, 20, 10, 10)], 200),
        (1, 4, [box(5, 5, 10, 10)], 100),
        (1, 9, [box(40, 30, 20, 30)], 80),
    ]
    annotations = [
        dict(
            id=n,
            image_id=image,
            category_id=category,
            segmentation=polygons,
            area=area,
            bbox=[0, 0, 1, 1],
            iscrowd=0,
        )
        for n, (image, category, polygons, area) in enumerate(rows, 1)
    ]
    return dict(images=images, categories=categories, annotations=annotations)


def write_data(root: Path, coco: dict[str, Any], name: str = 'train.json') -> Path:
    """Write a JSON and its images; return the root."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps(coco))
    rng = np.random.default_rng(0)
    for image in coco['images']:
        path = root / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        pixels = cv2.resize(pixels, (image['width'], image['height']))
        assert cv2.imwrite(str(path), pixels)
    return root


@pytest.fixture
def coco() -> dict[str, Any]:
    """Return the content of a sound COCO file."""
    return copy.deepcopy(make_coco())


@pytest.fixture
def root(tmp_path: Path, coco: dict[str, Any]) -> Path:
    """Return a data root with that file as train.json."""
    return write_data(tmp_path / 'data', coco)


@pytest.fixture
def hand(tmp_path: Path) -> Path:
    """Return a root with photographs in ``images/`` and category ids of its own."""
    coco = make_coco()
    for entry in coco['categories']:
        entry['id'] += 100
    coco['categories'].reverse()
    for n, entry in enumerate(coco['annotations']):
        entry['category_id'] += 100
        entry['note'] = f'note {n}'
    coco['info'] = dict(year=2020)
    coco['licenses'] = [dict(id=7, name='CC0'), dict(id=8, name='MIT')]
    coco['images'][0].update(license=8, flickr_url='f')
    coco['images'][1]['license'] = 99
    root = tmp_path / 'hand'
    for name, rows in (('train.json', (0, 2)), ('val.json', (1,))):
        images = [coco['images'][row] for row in rows]
        entries = [a for a in coco['annotations'] if a['image_id'] in rows]
        part = {**coco, 'images': images, 'annotations': entries}
        write_data(root / 'images', part, name)
        (root / 'images' / name).rename(root / name)
    return root


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own."""
    folder = tmp_path / 'cache'
    monkeypatch.setenv('MMSEG_TRASH_CACHE', str(folder))
    return folder
