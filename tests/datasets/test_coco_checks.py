"""Every fault of a COCO file has a name of its own, and sound files have none."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.mask as coco_mask
import pytest

from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.coco import check_coco, load_coco, parse_json, read_bytes
from mmseg_trash.datasets.coco_checks import find_faults
from mmseg_trash.datasets.segmentation_checks import decode_counts
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES

RULE = CategoryRule(CLASSES)
SQUARE = [1, 1, 9, 1, 9, 9, 1, 9]


def change(path: str, value: Any) -> Callable[[dict], None]:
    """Return a function that sets one entry, named by a path of keys."""

    def apply(coco: dict) -> None:
        *keys, last = [int(k) if k.isdigit() else k for k in path.split('/')]
        target: Any = coco
        for key in keys:
            target = target[key]
        target[last] = value

    return apply


def drop(path: str) -> Callable[[dict], None]:
    """Return a function that deletes one entry."""

    def apply(coco: dict) -> None:
        *keys, last = [int(k) if k.isdigit() else k for k in path.split('/')]
        target: Any = coco
        for key in keys:
            target = target[key]
        del target[last]

    return apply


def both(*changes: Callable[[dict], None]) -> Callable[[dict], None]:
    """Return a function that makes several changes."""

    def apply(coco: dict) -> None:
        for one in changes:
            one(coco)

    return apply


SEGMENTATION = 'annotations/0/segmentation'
CASES = [
    ('missing_field', drop('images'), "'images' is missing"),
    ('missing_field', drop('categories'), "'categories' is missing"),
    ('missing_field', change('annotations', {}), 'must be a list, got dict'),
    ('missing_field', drop('images/1/height'), "'height' is missing"),
    ('missing_field', drop('annotations/2/image_id'), "'image_id' is missing"),
    ('missing_field', drop(SEGMENTATION), "'segmentation' is missing"),
    ('empty', change('images', []), 'no images'),
    ('bad_image', change('images/0', 7), 'must be an object, got 7'),
    ('bad_image', change('images/0/width', 0), 'got 40x0'),
    ('bad_image', change('images/0/file_name', 5), 'a number and a name'),
    ('duplicate_image_id', change('images/1/id', 0), 'image id 0'),
    (
        'duplicate_file_name',
        change('images/1/file_name', 'batch_00/0000.jpg'),
        "'batch_00/0000.jpg' is used twice",
    ),
    ('bad_category', drop('categories/0/name'), 'integer id and a name'),
    (
        'unknown_category',
        both(
            change('categories/0/name', 'Papper'),
            change('annotations/0/category_id', 1),
        ),
        "unknown category 'Papper' (did you mean 'Paper'?); known are: Background",
    ),
    ('category_clash', change('categories/1/id', 1), "'General trash' and 'Paper'"),
    (
        'category_clash',
        both(
            change('categories/1/name', 'General trash'),
            change('annotations/0/category_id', 1),
            change('annotations/1/category_id', 2),
        ),
        'ids 1 and 2',
    ),
    ('unknown_category', change('annotations/0/category_id', 77), 'category id 77'),
    ('unknown_image', change('annotations/0/image_id', 99), 'image_id 99'),
    ('duplicate_annotation_id', change('annotations/1/id', 1), 'annotation id 1'),
    ('bad_annotation', change('annotations/0', None), 'must be an object'),
    ('bad_annotation', change('annotations/0/id', 'x'), 'must be integers'),
    ('bad_annotation', change('annotations/0/iscrowd', 2), 'iscrowd must be 0 or 1'),
    ('bad_area', change('annotations/0/area', float('nan')), 'got nan'),
    ('bad_area', change('annotations/0/area', '12'), "got '12'"),
    ('empty_segmentation', change(SEGMENTATION, []), 'no polygon'),
    ('bad_segmentation', change(SEGMENTATION, 3), 'got int'),
    ('bad_segmentation', change(SEGMENTATION, SQUARE), 'no list of coordinates'),
    ('bad_segmentation', change(SEGMENTATION, [['a'] * 6]), 'are no numbers'),
    ('odd_polygon', change(SEGMENTATION, [[*SQUARE, 1]]), 'has 9 coordinates'),
    ('short_polygon', change(SEGMENTATION, [[1, 1, 5, 5]]), 'has 2 points'),
    ('nan_polygon', change(SEGMENTATION, [[*SQUARE[:-1], float('nan')]]), 'nan'),
    ('nan_polygon', change(SEGMENTATION, [[*SQUARE[:-1], float('inf')]]), 'inf'),
    (
        'outside_polygon',
        change(SEGMENTATION, [SQUARE, [x + 60 for x in SQUARE]]),
        'polygon 1 lies wholly outside the 48x40 image: x 61 to 69',
    ),
    (
        'outside_polygon',
        change(SEGMENTATION, [[x - 60 for x in SQUARE]]),
        'wholly outside',
    ),
    ('bad_rle', change(SEGMENTATION, dict(size=[1, 2], counts=[2])), '[40, 48]'),
    ('bad_rle', change(SEGMENTATION, dict(size=[40, 48], counts=[9])), '9 pixels'),
    ('bad_rle', change(SEGMENTATION, dict(size=[40, 48], counts='\x01')), "'\\x01'"),
    ('bad_rle', change(SEGMENTATION, dict(size=[40, 48], counts='o')), 'within'),
]


@pytest.mark.parametrize('kind, spoil, text', CASES)
def test_fault(kind: str, spoil: Callable, text: str, coco: dict) -> None:
    assert find_faults(coco, RULE, 'a.json') == []
    spoil(coco)
    faults = find_faults(coco, RULE, 'a.json')
    assert [fault.kind for fault in faults][:1] == [kind]
    assert text in str(faults[0]) and str(faults[0]).startswith('a.json')
    content = json.dumps(coco).encode()
    with pytest.raises(DataError, match=r'a\.json'):
        load_coco(content, RULE, 'a.json')


def test_all_faults_are_found_and_the_first_says_how_many_more(coco: dict) -> None:
    coco['annotations'][0]['image_id'] = 99
    coco['annotations'][1]['segmentation'] = [[1, 2]]
    coco['annotations'][2]['id'] = 2
    kinds = [fault.kind for fault in find_faults(coco, RULE, 'a.json')]
    assert kinds == ['unknown_image', 'short_polygon', 'duplicate_annotation_id']
    with pytest.raises(DataError, match=r'annotation 1: .*2 more faults; tools/data/'):
        load_coco(json.dumps(coco).encode(), RULE, 'a.json')


@pytest.mark.parametrize(
    'polygon',
    [
        [-9, -9, 20, -5, 20, 20],  # partly outside
        [48, 0, 48, 5, 48.4, 9],  # on the border
        [3, 3, 3, 3, 3, 3],  # no area
        [1e9, 1, 1, 1, 1, 20],
    ],
)
def test_not_stricter_than_public_files(polygon: list, coco: dict) -> None:
    coco['annotations'][0]['segmentation'] = [polygon]
    for key in ('area', 'bbox', 'iscrowd'):
        coco['annotations'][1].pop(key)
    assert find_faults(coco, RULE, 'a.json') == []


@pytest.mark.parametrize('annotations', [None, []])
def test_json_without_annotations(annotations: list | None, coco: dict) -> None:
    coco = dict(images=coco['images'])
    if annotations is not None:
        coco['annotations'] = annotations
    read = load_coco(json.dumps(coco).encode(), RULE, 'test.json')
    assert read.objects is None and len(read.images) == 3


def test_json_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='gone.json does not exist'):
        read_bytes(tmp_path / 'gone.json')
    for content in (b'', b'{"images": [', b'\xff\xfe\x00'):
        with pytest.raises(DataError, match='bad.json: not valid JSON'):
            parse_json(content, 'bad.json')
    with pytest.raises(DataError, match='line 2, column 3'):
        parse_json(b'{\n  images}', 'bad.json')
    for value in ([], 5, None):
        assert find_faults(value, RULE, 'a.json')[0].kind == 'no_coco'
    assert check_coco(tmp_path / 'gone.json', RULE)[1][0].kind == 'missing_json'


def test_garbage_never_crashes_the_checks(coco: dict) -> None:
    rng = np.random.default_rng(0)
    junk = [None, -1, 2.5, 'x', [], {}, [[]], [None], True, float('nan')]
    found = 0
    for _ in range(400):
        spoilt = copy.deepcopy(coco)
        table = spoilt[rng.choice(['images', 'categories', 'annotations'])]
        entry = table[rng.integers(len(table))]
        entry[rng.choice(list(entry))] = junk[rng.integers(len(junk))]
        found += bool(find_faults(spoilt, RULE, 'a.json'))
    assert found > 200


def test_counts_are_decoded_like_pycocotools() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        pixels = np.asfortranarray(rng.random((23, 31)) < rng.random(), np.uint8)
        counts = decode_counts(coco_mask.encode(pixels)['counts'].decode())
        values = np.arange(len(counts)) % 2
        flat = np.repeat(values, counts)
        assert (pixels == flat.reshape(31, 23).T).all()
