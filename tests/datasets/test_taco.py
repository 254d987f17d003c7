"""TACO's categories become ours."""

import copy
import json
from pathlib import Path

import pytest

from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.coco_checks import find_faults
from mmseg_trash.datasets.taco import TACO_CLASS, TACO_NAMES, convert_taco, take_images
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES

SQUARE = [1, 1, 9, 1, 9, 9, 1, 9]


@pytest.fixture
def raw() -> dict:
    """Return four annotations, two of one id, as in the official file."""
    names = ('Drink can', 'Cigarette', 'Shoe')
    kinds = [dict(id=i, name=name) for i, name in enumerate(names)]
    images = [dict(id=i, file_name=f'{i}.jpg', height=20, width=20) for i in range(2)]
    rows = [(309, 0, 0), (4, 0, 1), (309, 1, 2), (5, 1, 0)]
    annotations = [
        dict(id=n, image_id=image, category_id=kind, segmentation=[SQUARE])
        for n, image, kind in rows
    ]
    return dict(
        images=images,
        categories=kinds,
        annotations=annotations,
        scene_annotations=[1],
        info={},
    )


def test_table_is_complete() -> None:
    assert len(TACO_CLASS) == 60 == sum(map(len, TACO_NAMES.values()))
    assert list(TACO_NAMES) == list(CLASSES[1:])


def test_conversion_and_doubled_ids(raw: dict) -> None:
    before = copy.deepcopy(raw)
    coco, repairs = convert_taco(raw, 'f')
    assert raw == before
    assert [entry['category_id'] for entry in coco['annotations']] == [4, 1, 10, 4]
    assert [entry['id'] for entry in coco['annotations']] == [309, 4, 310, 5]
    assert coco['annotations'][2]['source_category'] == 'Shoe'
    assert coco['annotations'][2]['source_category_id'] == 2
    assert repairs == ['annotation id 309 used twice: now 310']
    assert 'scene_annotations' not in coco and coco['info'] == {}
    assert find_faults(raw, CategoryRule(CLASSES), 'f')
    assert not find_faults(coco, CategoryRule(CLASSES), 'f')


def test_useless_polygons_are_dropped(raw: dict) -> None:
    raw['annotations'][0]['segmentation'] = [SQUARE, [1, 2, 3, 4]]
    raw['annotations'][1]['segmentation'] = [[x + 99 for x in SQUARE]]
    coco, repairs = convert_taco(raw, 'f')
    assert len(coco['annotations']) == 3
    assert coco['annotations'][0]['segmentation'] == [SQUARE]
    assert any('annotation 4 dropped' in line for line in repairs)
    assert not find_faults(coco, CategoryRule(CLASSES), 'f')


@pytest.mark.parametrize(
    'spoil, text',
    [
        (lambda raw: raw.pop('images'), "'images' is missing"),
        (lambda raw: raw['categories'][0].update(name='Rock'), "'Rock' is no category"),
        (lambda raw: raw['annotations'][0].update(category_id=7), 'category 7'),
        (lambda raw: raw['annotations'][0].update(image_id=7), 'unknown image 7'),
        (lambda raw: raw['images'][0].pop('height'), "lacks 'height'"),
    ],
)
def test_faults(spoil: object, text: str, raw: dict) -> None:
    spoil(raw)  # type: ignore[operator]
    with pytest.raises(DataError, match=f'f: .*{text}'):
        convert_taco(raw, 'f')


def test_take_images(raw: dict) -> None:
    part = take_images(convert_taco(raw, 'f').coco, [1])
    assert [image['id'] for image in part['images']] == [1]
    assert {entry['image_id'] for entry in part['annotations']} == {1}


def test_real_annotations(taco_root: Path) -> None:
    raw = json.loads((taco_root / 'annotations.json').read_text())
    expected = json.loads((taco_root / 'annotations_11.json').read_text())
    coco, repairs = convert_taco(raw, 'annotations.json')
    assert repairs == []
    for field in ('images', 'annotations', 'categories'):
        assert coco[field] == expected[field]
