"""FiftyOne's layout: read here by hand, there and back, as the library writes it."""

import base64
import io
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError
from mmseg_trash.handover.convert import export_album, import_album
from mmseg_trash.handover.fiftyone_reader import read_fiftyone
from mmseg_trash.metainfo import CLASSES


@pytest.fixture()
def out(root: Path, tmp_path: Path) -> Path:
    export_album(
        root / 'train.json', tmp_path / 'out', 'fiftyone', root, root / 'predictions'
    )
    return tmp_path / 'out'


def samples(out: Path) -> list[dict[str, Any]]:
    return json.loads((out / 'samples.json').read_text())['samples']


def edit(out: Path, change: Any) -> None:
    content = dict(samples=samples(out))
    change(content['samples'])
    (out / 'samples.json').write_text(json.dumps(content))


def test_the_files_by_hand(out: Path, root: Path) -> None:
    metadata = json.loads((out / 'metadata.json').read_text())
    assert metadata['default_mask_targets']['9'] == 'Battery'
    assert metadata['default_classes'] == list(CLASSES[1:])
    declared = {field['name'] for field in metadata['sample_fields']}
    first, second, third = samples(out)
    assert {'filepath', 'polygons', 'masks', 'truth', 'predictions'} <= declared
    assert set(first) - {'_id'} <= declared
    assert first['filepath'] == str(root / 'a b/1.jpg')
    (line,) = first['polygons']['polylines']
    assert line['label'] == 'Paper' and line['closed'] and line['filled']
    assert line['points'][0][0] == [1.123456 / 83, 2.5 / 61]
    metal, glass = first['masks']['detections']
    assert glass['iscrowd'] is True and metal['coco_id'] == 10
    assert metal['bounding_box'] == [7 / 83, 5 / 61, 43 / 83, 25 / 61]
    data = zlib.decompress(base64.b64decode(metal['mask']['$binary']['base64']))
    mask = np.load(io.BytesIO(data))
    expected = np.ones((25, 43), bool)
    expected[5:15, 8:23] = False
    assert mask.dtype == bool and np.array_equal(mask, expected)
    assert 'predictions' not in third
    half = cv2.imread(str(out / second['predictions']['mask_path']), -1)
    assert half.shape == (61, 83) and (half == 4).all()
    ids = [sample['_id']['$oid'] for sample in (first, second, third)]
    assert len(set(ids)) == 3 and all(len(number) == 24 for number in ids)


def test_names_of_a_fold(root: Path, tmp_path: Path) -> None:
    """k-fold names a label map as the photograph, but for the suffix."""
    predictions = root / 'predictions'
    (predictions / 'a b/1.jpg.png').rename(predictions / 'a b/1.png')
    parts = (root / 'train.json', tmp_path / 'out', 'fiftyone', root, predictions)
    export_album(*parts)
    first, second, _ = samples(tmp_path / 'out')
    assert 'predictions' in first and 'predictions' in second


def test_photographs_may_lie_in_images(root: Path, tmp_path: Path) -> None:
    data = tmp_path / 'below'
    shutil.copytree(root, data / 'images')
    (data / 'images/train.json').rename(data / 'train.json')
    export_album(data / 'train.json', tmp_path / 'o', 'fiftyone', data)
    files = [Path(sample['filepath']) for sample in samples(tmp_path / 'o')]
    assert len(files) == 3 and all(file.is_file() for file in files)
    assert all(
        file.resolve().is_relative_to(data.resolve() / 'images') for file in files
    )


def test_truth_is_what_training_sees(out: Path, root: Path) -> None:
    dataset = TrashDataset(
        data_root=str(root), ann_file='train.json', data_prefix=dict(img_path=''),
        pipeline=[],
    )  # fmt: skip
    for place, sample in enumerate(samples(out)):
        truth = cv2.imread(str(out / sample['truth']['mask_path']), -1)
        assert np.array_equal(truth, dataset.label_map_of(place))
    assert len(dataset) == 3


def test_there_and_back(root: Path, tmp_path: Path, same: Any) -> None:
    parts = (root / 'train.json', tmp_path / 'out', 'fiftyone', root)
    album, _ = export_album(*parts, copy=True)
    assert (tmp_path / 'out/data/a b/1.jpg').is_file()
    same(album, read_fiftyone(tmp_path / 'out'), 1e-8)
    import_album(tmp_path / 'out', tmp_path / 'back.json', root / 'train.json')
    before = json.loads((root / 'train.json').read_text())
    after = json.loads((tmp_path / 'back.json').read_text())
    assert before['images'] == after['images']
    for one, other in zip(
        before['annotations'], sorted(after['annotations'], key=lambda a: a['id'])
    ):
        keys = ('id', 'image_id', 'category_id', 'iscrowd')
        assert [one[key] for key in keys] == [other[key] for key in keys]
        assert 'area' not in one or one['area'] == other['area']


def test_as_the_library_writes(out: Path, same: Any, root: Path) -> None:
    """The library flattens folders, drops what it does not know, adds what it does."""

    def change(found: list) -> None:
        for sample in found:
            sample['filepath'] = 'data/' + Path(sample['filepath']).name
            sample['created_at'] = {'$date': '2026-11-21T14:39:56.819Z'}
            for label in sample['masks']['detections']:
                label.update(attributes={}, tags=['seen'], confidence=None)
        del found[2]['masks']

    before = read_fiftyone(out)
    edit(out, change)
    same(before, read_fiftyone(out), 0)


def test_maps_and_boxes_can_be_read(out: Path) -> None:
    album = read_fiftyone(out, fields=['predictions'])
    names = [sorted(shape.name for shape in p.shapes) for p in album.pictures]
    assert names == [sorted(CLASSES[1:]), ['Metal'], []]
    shape = album.pictures[1].shapes[0]
    assert album.pictures[1].region(shape).crop.sum() == 61 * 83

    def change(found: list) -> None:
        box = dict(_cls='Detection', label='metal', bounding_box=[0.5, 0, 0.5, 1])
        found[0]['extra'] = box
        large = found[0]['masks']['detections'][0]
        large['bounding_box'] = [v * 2 for v in large['bounding_box'][2:]] * 2
        large['bounding_box'][:2] = [0, 0]

    edit(out, change)
    (shape,) = read_fiftyone(out, fields=['extra']).pictures[0].shapes
    assert shape.name == 'Metal' and shape.segmentation == [
        [41.5, 0, 83, 0, 83, 61, 41.5, 61]
    ]
    with pytest.raises(DataError, match='a mask of 86x50 at 0, 0 reaches beyond'):
        read_fiftyone(out)


@pytest.mark.parametrize('change, message', [
    (lambda f: f[0]['polygons']['polylines'][0].update(label='Papier'),
     r"a b/1.jpg, polygons: unknown category 'Papier'"),
    (lambda f: f[0]['polygons']['polylines'][0].update(closed=False), 'an open line'),
    (lambda f: f[0]['masks']['detections'][0].update(mask={'$binary': 'A'}), 'damaged'),
    (lambda f: f[0].update(masks=dict(_cls='Keypoints')), 'is Keypoints, expected'),
    (lambda f: f.clear(), 'has no samples'),
    (lambda f: [s.pop('masks') for s in f], "no sample has .*'masks'.*polygons"),
])  # fmt: skip
def test_errors(out: Path, change: Any, message: str) -> None:
    edit(out, change)
    with pytest.raises(DataError, match=message):
        read_fiftyone(out)


def test_what_is_missing(root: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'metadata\.json: does not exist'):
        read_fiftyone(tmp_path)
    (root / '3.jpg').unlink()
    with pytest.raises(DataError, match=r'3\.jpg: does not exist'):
        export_album(root / 'train.json', tmp_path / 'o', 'fiftyone', root)
    assert not (tmp_path / 'o/samples.json').exists()
