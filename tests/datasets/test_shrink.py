"""Smaller copies of data sets."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask as coco_mask
import pytest
from PIL import Image

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.check import check_data_root
from mmseg_trash.datasets.shrink import (
    shrink_annotation,
    shrink_data_root,
    shrunk_size,
)
from mmseg_trash.datasets.toy import make_toy
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES

from .conftest import box, write_data

RULE = CategoryRule(CLASSES)


def label_maps(root: Path, name: str) -> list[np.ndarray]:
    """Return the label maps of a JSON's images, (H, W) uint8 each."""
    dataset = TrashDataset(name, str(root))
    return [dataset.label_map_of(row) for row in range(len(dataset))]


def test_label_maps_stay(tmp_path: Path) -> None:
    root, out = tmp_path / 'toy', tmp_path / 'small'
    make_toy(root, num_train=4, num_val=2, num_test=2, size=256, seed=3, workers=1)
    counts = shrink_data_root(root, out, long_side=192)
    assert {name: images for name, (images, _) in counts.items()} == {
        'train_all.json': 6, 'train.json': 4, 'val.json': 2, 'test.json': 2,
    }  # fmt: skip
    assert counts['test.json'] == (2, 0) and counts['train.json'][1] > 4
    assert not check_data_root(out, RULE)
    inter, union = np.zeros(len(CLASSES)), np.zeros(len(CLASSES))
    pairs = zip(label_maps(root, 'train_all.json'), label_maps(out, 'train_all.json'))
    for before, after in pairs:
        assert after.shape == (192, 192)
        before = cv2.resize(before, (192, 192), interpolation=cv2.INTER_NEAREST_EXACT)
        for label in range(len(CLASSES)):
            a, b = before == label, after == label
            inter[label] += (a & b).sum()
            union[label] += (a | b).sum()
    assert inter.sum() / union.sum() > 0.95
    assert (inter[union > 500] / union[union > 500]).min() > 0.9
    for old, new in zip(*(sorted(p.rglob('*.jpg')) for p in (root, out))):
        assert old.relative_to(root) == new.relative_to(out)
        wanted = cv2.resize(
            cv2.imread(str(old)), (192, 192), interpolation=cv2.INTER_AREA
        )
        assert cv2.norm(wanted, cv2.imread(str(new)), cv2.NORM_L1) / wanted.size < 6


def test_annotation_by_hand() -> None:
    entry = dict(
        id=7, category_id=3, image_id=2, iscrowd=0, note='kept', area=800,
        bbox=[1, 3, 4, 5], segmentation=[[0, 0, 40.1, 0, 40.1, 20], box(2, 2, 4, 4)],
    )  # fmt: skip
    assert shrink_annotation(entry, (40, 80), (10, 40)) == dict(
        id=7, category_id=3, image_id=2, iscrowd=0, note='kept', area=100,
        bbox=[0.5, 0.8, 2, 1.2],
        segmentation=[[0, 0, 20.1, 0, 20.1, 5], [1, 0.5, 3, 0.5, 3, 1.5, 1, 1.5]],
    )  # fmt: skip


@pytest.mark.parametrize('compressed', [True, False])
def test_run_lengths(compressed: bool) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[10:30, 20:50] = 1
    pixels[18:22, 30:40] = 0
    code: dict[str, Any] = coco_mask.encode(np.asfortranarray(pixels))
    code = dict(size=[40, 60], counts=code['counts'].decode())
    if not compressed:
        edges = np.flatnonzero(np.diff(pixels.ravel(order='F'), prepend=0, append=0))
        counts = np.diff(edges, prepend=0, append=pixels.size)
        code['counts'] = [int(count) for count in counts]
    entry = dict(id=1, image_id=1, category_id=1, segmentation=code)
    found = shrink_annotation(entry, (40, 60), (20, 30))['segmentation']
    assert found['size'] == [20, 30] and isinstance(found['counts'], str)
    assert (coco_mask.decode(found) == pixels[::2, ::2]).all()


def test_sizes() -> None:
    assert shrunk_size((384, 512), 384) == (288, 384)
    assert shrunk_size((512, 384), 384) == (384, 288)
    assert shrunk_size((384, 200), 384) == (384, 200)
    assert shrunk_size((3, 4000), 400) == (1, 400)


def test_what_is_small_stays(root: Path, tmp_path: Path, coco: dict[str, Any]) -> None:
    counts = shrink_data_root(root, tmp_path / 'out', long_side=48)
    assert counts == {'train.json': (3, 5)}
    assert json.loads((tmp_path / 'out/train.json').read_text()) == coco
    for path in root.rglob('*.jpg'):
        copied = tmp_path / 'out' / path.relative_to(root)
        assert copied.read_bytes() == path.read_bytes()


def test_turned_photographs_in_images(tmp_path: Path, coco: dict[str, Any]) -> None:
    coco['images'] = [dict(id=0, file_name='a/1.JPG', height=48, width=40, license=4)]
    coco['annotations'] = coco['annotations'][:2]
    folder = tmp_path / 'root/images/a'
    folder.mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((40, 48, 3), np.uint8)
    pixels[:, :24, 0] = 255
    Image.fromarray(pixels).save(folder / '1.JPG', exif=exif, quality=95)
    (tmp_path / 'root/train.json').write_text(json.dumps(coco))
    shrink_data_root(tmp_path / 'root', tmp_path / 'out', 24, 95)
    (image,) = json.loads((tmp_path / 'out/train.json').read_text())['images']
    assert image == dict(id=0, file_name='a/1.JPG', height=24, width=20, license=4)
    with Image.open(tmp_path / 'out/images/a/1.JPG') as picture:
        assert picture.size == (20, 24) and not picture.getexif()
        assert np.asarray(picture)[:10, :, 0].min() > 200
        assert np.asarray(picture)[14:, :, 0].max() < 60


@pytest.mark.parametrize('fault, message', [
    ('missing', r'batch_02/0002\.jpg does not exist'),
    ('truncated', r'batch_02/0002\.jpg: the image is truncated'),
    ('size', r'batch_02/0002\.jpg: the image is 48x40, the JSON says 48x41'),
    ('outside', r"train\.json: file_name '\.\./0002\.jpg' leads out"),
    ('format', r'0002\.bmp: only \.jpg, \.jpeg, \.png can be written'),
    ('contradiction', r'\(batch_02/0002\.jpg\): 48x41 contradicts another JSON'),
    ('annotation', r'annotation 1: image_id 9 is not among the images'),
])  # fmt: skip
def test_faults_leave_nothing(
    root: Path, tmp_path: Path, coco: dict[str, Any], fault: str, message: str
) -> None:
    path = root / 'batch_02/0002.jpg'
    name = 'train.json'
    if fault == 'missing':
        path.unlink()
    elif fault == 'truncated':
        path.write_bytes(path.read_bytes()[:-300])
    elif fault == 'size':
        coco['images'][2]['height'] = 41
    elif fault == 'outside':
        coco['images'][2]['file_name'] = '../0002.jpg'
    elif fault == 'format':
        cv2.imwrite(str(path.with_suffix('.bmp')), cv2.imread(str(path)))
        coco['images'][2]['file_name'] = 'batch_02/0002.bmp'
    elif fault == 'contradiction':
        coco['images'][2]['height'] = 41
        name = 'val.json'
    else:
        coco['annotations'][0]['image_id'] = 9
    (root / name).write_text(json.dumps(coco))
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises((DataError, FileNotFoundError), match=message):
        shrink_data_root(root, tmp_path / 'out', long_side=24)
    assert sorted(tmp_path.rglob('*')) == before


def test_arguments(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='long_side must be at least 1 pixel, got 0'):
        shrink_data_root(root, tmp_path / 'out', long_side=0)
    with pytest.raises(ValueError, match='quality must be 1 to 95, got 96'):
        shrink_data_root(root, tmp_path / 'out', quality=96)
    with pytest.raises(DataError, match='name a JSON below'):
        shrink_data_root(root, tmp_path / 'out', ann_files=['../data/train.json'])
    with pytest.raises(FileNotFoundError, match='is no folder'):
        shrink_data_root(tmp_path / 'gone', tmp_path / 'out')


def test_tool(project: Path, toy_root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(project / 'tools/data/shrink.py'), str(toy_root)]
    command += [str(tmp_path / 'out'), '--long-side', '64', '--ann-file', 'val.json']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'val.json: 4 images, ' in done.stdout
    assert len(list((tmp_path / 'out').rglob('*.jpg'))) == 4
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2 and 'exists already' in again.stderr
    parse = runpy.run_path(str(project / 'tools/data/shrink.py'))['parse_args']
    for bad in (['--quality', '0'], ['--long-side', '0']):
        with pytest.raises(SystemExit):
            parse(['a', 'b', *bad])


def test_names_of_own_categories(tmp_path: Path, coco: dict[str, Any]) -> None:
    coco['categories'] = [dict(id=n, name=f'thing {n}') for n in range(300)]
    root = write_data(tmp_path / 'data', coco)
    shrink_data_root(root, tmp_path / 'out', long_side=24)
    found = json.loads((tmp_path / 'out/train.json').read_text())
    assert found['categories'] == coco['categories']
