"""The toy data set: layout, reuse, and labels that say what is drawn."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.datasets.toy import ToyParams, draw_image, make_plan, make_toy
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES

SMALL = dict(num_train=6, num_val=3, num_test=2, size=64, seed=7)
JSON_FILES = ('train.json', 'val.json', 'train_all.json', 'test.json')


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a small set once."""
    return make_toy(tmp_path_factory.mktemp('toy') / 'set', workers=1, **SMALL)


def _load(root: Path) -> dict[str, dict]:
    return {name: json.loads((root / name).read_text()) for name in JSON_FILES}


def _bytes(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob('*') if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_layout(root: Path) -> None:
    found = _load(root)
    counts = {name: len(coco['images']) for name, coco in found.items()}
    assert counts == dict(zip(JSON_FILES, (6, 3, 9, 2)))
    names = {
        name: [image['file_name'] for image in coco['images']]
        for name, coco in found.items()
    }
    assert set(names['train_all.json']) == {*names['train.json'], *names['val.json']}
    everything = names['train_all.json'] + names['test.json']
    assert len(set(everything)) == 11
    assert {Path(name).parent.name for name in everything} == {
        'batch_01_vt',
        'batch_02_vt',
        'batch_03',
    }
    on_disk = {str(path.relative_to(root)) for path in root.rglob('*.jpg')}
    assert on_disk == set(everything)
    assert {cv2.imread(str(root / name)).shape for name in everything} == {(64, 64, 3)}
    assert found['test.json']['annotations'] == []


def test_coco_fields_and_ids(root: Path) -> None:
    found = _load(root)
    for coco in found.values():
        assert set(coco) == {'info', 'licenses', 'images', 'categories', 'annotations'}
        assert [image['id'] for image in coco['images']] == list(
            range(len(coco['images']))
        )
        assert [item['id'] for item in coco['annotations']] == list(
            range(len(coco['annotations']))
        )
        assert {c['id']: c['name'] for c in coco['categories']} == dict(
            enumerate(CLASSES[1:], 1)
        )
        for image in coco['images']:
            assert image['url'] is None and image['date_captured'] is None
            assert (image['height'], image['width']) == (64, 64)
        for item in coco['annotations']:
            assert set(item) == {
                'id',
                'image_id',
                'category_id',
                'segmentation',
                'area',
                'bbox',
                'iscrowd',
            }
            assert all(len(p) >= 6 and len(p) % 2 == 0 for p in item['segmentation'])
    ids = {
        name: {image['file_name']: image['id'] for image in coco['images']}
        for name, coco in found.items()
    }
    train, both = ids['train.json'], ids['train_all.json']
    assert any(train[name] != both[name] for name in train)


def test_every_class_in_every_labelled_split(root: Path) -> None:
    found = _load(root)
    for name in ('train.json', 'val.json'):
        images: dict[int, set[int]] = {}
        for item in found[name]['annotations']:
            images.setdefault(item['category_id'], set()).add(item['image_id'])
        assert set(images) == set(range(1, 11)), name
        assert min(map(len, images.values())) >= 2, name


def test_same_seed_same_bytes_with_any_number_of_workers(
    root: Path, tmp_path: Path
) -> None:
    again = make_toy(tmp_path / 'again', workers=2, **SMALL)
    assert _bytes(again) == _bytes(root)
    other = make_toy(tmp_path / 'other', workers=1, **{**SMALL, 'seed': 8})
    assert _bytes(other) != _bytes(root)


def test_images_do_not_depend_on_the_number_of_images() -> None:
    first = ToyParams(30, 2, 1, 64, 3, 0.35)
    second = ToyParams(30, 9, 5, 64, 3, 0.35)

    def image(params: ToyParams) -> np.ndarray:
        jobs = make_plan(params)
        job = next(job for job in jobs if (job.split, job.index) == ('train', 4))
        return draw_image(params, job)[0]

    assert np.array_equal(image(first), image(second))


def test_reuse_and_replace(tmp_path: Path) -> None:
    tiny = dict(num_train=2, num_val=1, num_test=1, size=32, workers=1)
    calls: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        calls.append((done, total))

    root = make_toy(tmp_path / 'toy', **tiny, progress=progress)
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    make_toy(root, **tiny, progress=progress)
    assert len(calls) == 4, 'a finished set is drawn again'
    next(root.rglob('*.jpg')).unlink()
    make_toy(root, **tiny, progress=progress)
    assert len(calls) == 8, 'an incomplete set is reused'
    make_toy(root, **{**tiny, 'num_train': 3}, progress=progress)
    assert len(json.loads((root / 'train.json').read_text())['images']) == 3
    assert [path.name for path in tmp_path.iterdir()] == ['toy'], 'leftovers'


def test_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'train.json').write_text('{}')
    with pytest.raises(DataError, match='no toy data set'):
        make_toy(tmp_path, num_train=1, num_val=1, num_test=1, size=32)
    assert [path.name for path in tmp_path.iterdir()] == ['train.json']


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def progress(done: int, total: int) -> None:
        raise RuntimeError('stop')

    with pytest.raises(RuntimeError, match='stop'):
        make_toy(tmp_path / 'toy', 2, 1, 1, 32, workers=1, progress=progress)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(num_train=-1), r'num_train .* -1'),
        (dict(size=16), r'size .* 16'),
        (dict(imbalance=1.5), r'imbalance .* 1\.5'),
        (dict(num_train=0, num_val=0, num_test=0), 'all 0'),
    ],
)
def test_parameters_are_checked(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_toy(tmp_path / 'toy', **{**SMALL, **change})
    assert list(tmp_path.iterdir()) == []
