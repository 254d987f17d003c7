"""A COCO file with everything that is hard to hand over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask as coco_mask
import pytest

from mmseg_trash.handover.album import Album
from mmseg_trash.metainfo import CLASSES

HEIGHT, WIDTH = 61, 83


def code(mask: np.ndarray) -> dict[str, Any]:
    found = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=[HEIGHT, WIDTH], counts=found['counts'].decode())


def content() -> dict[str, Any]:
    """Return three photographs, seven objects: holes, crowds, parts, odd areas."""
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[5:30, 7:50] = True
    hole[10:20, 15:30] = False
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH)) > 0.5
    corner = dict(size=[HEIGHT, WIDTH], counts=[0, 10, HEIGHT * WIDTH - 10])
    parts = [[0, 0, 10, 0, 10, 10, 0, 10], [20, 20, 40.5, 20.25, 30, 33.1]]
    beyond = [[-3, -2, 90, -2, 90, 70.5, -3, 70]]
    rows: list[tuple[int, str, Any, int, float | None]] = [
        (10, 'Paper', [[1.123456, 2.5, 40.07, 3, 30, 50.333]], 0, 900.5),
        (10, 'Metal', code(hole), 0, 3.0),  # lies on top by its area
        (10, 'Glass', code(noise), 1, None),
        (11, 'Plastic bag', parts, 0, None),
        (11, 'Battery', corner, 0, 10),
        (11, 'Clothing', code(np.zeros((HEIGHT, WIDTH))), 0, 0),
        (11, 'Clothing', beyond, 1, 50000),
    ]
    categories = [dict(id=100 + k, name=name) for k, name in enumerate(CLASSES) if k]
    number = {category['name']: category['id'] for category in categories}
    names = ['a b/1.jpg', '2.jpg', '3.jpg']
    annotations: list[dict[str, Any]] = []
    for k, (image, name, segmentation, crowd, area) in enumerate(rows):
        entry = dict(id=7 * k + 3, image_id=image, category_id=number[name])
        entry.update(segmentation=segmentation, iscrowd=crowd)
        annotations.append(entry if area is None else {**entry, 'area': area})
    images = [
        dict(id=10 + k, file_name=name, height=HEIGHT, width=WIDTH, source='x')
        for k, name in enumerate(names)
    ]
    return dict(images=images, categories=categories, annotations=annotations)


@pytest.fixture()
def root(tmp_path: Path) -> Path:
    """Return a folder with ``train.json``, photographs, and predictions of two."""
    folder = tmp_path / 'data'
    (folder / 'a b').mkdir(parents=True)
    (folder / 'train.json').write_text(json.dumps(content()))
    rng = np.random.default_rng(1)
    for image in content()['images']:
        pixels = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        cv2.imwrite(str(folder / image['file_name']), pixels)
    predictions = folder / 'predictions'
    (predictions / 'a b').mkdir(parents=True)
    label = rng.integers(0, 11, (HEIGHT, WIDTH)).astype(np.uint8)
    cv2.imwrite(str(predictions / 'a b/1.jpg.png'), label)
    half = np.full((30, 40), 4, np.uint8)
    cv2.imwrite(str(predictions / '2.jpg.png'), half)
    return folder


@pytest.fixture()
def same() -> Callable[[Album, Album, float], None]:
    """Return what asserts that two albums hold the same objects."""

    def compare(one: Album, other: Album, tolerance: float) -> None:
        assert len(one.pictures) == len(other.pictures) > 0
        for a, b in zip(one.pictures, other.pictures):
            assert (a.file_name, a.width, a.height) == (b.file_name, b.width, b.height)
            mine = {shape.annotation_id: shape for shape in a.shapes}
            theirs = {shape.annotation_id: shape for shape in b.shapes}
            assert mine.keys() == theirs.keys() and len(mine) == len(a.shapes)
            for number, shape in mine.items():
                back = theirs[number]
                assert (shape.name, shape.iscrowd) == (back.name, back.iscrowd)
                if isinstance(shape.segmentation, dict):
                    assert isinstance(back.segmentation, dict)
                    first, second = a.region(shape), b.region(back)
                    assert first.box == second.box
                    assert np.array_equal(first.crop, second.crop)
                else:
                    assert isinstance(back.segmentation, list)
                    assert len(shape.segmentation) == len(back.segmentation)
                    for p, q in zip(shape.segmentation, back.segmentation):
                        assert np.abs(np.subtract(p, q)).max() <= tolerance
                assert shape.area is None or back.area == shape.area

    return compare
