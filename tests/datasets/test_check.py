"""The check lists all faults of a data root at once."""

import json
import shutil
from pathlib import Path

import cv2
import pytest

from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.check import check_data_root
from mmseg_trash.metainfo import CLASSES

from .conftest import write_data

RULE = CategoryRule(CLASSES)


def kinds(root: Path, **arguments: object) -> list[str]:
    """Return the kinds of all faults."""
    return [fault.kind for fault in check_data_root(root, RULE, **arguments)]


def test_sound(root: Path, toy_root: Path) -> None:
    assert kinds(root) == []
    assert kinds(toy_root) == []


def test_all_at_once(root: Path, coco: dict) -> None:
    (root / 'batch_00/0000.jpg').unlink()
    path = root / 'batch_01/0001.jpg'
    path.write_bytes(path.read_bytes()[:-300])
    image = cv2.imread(str(root / 'batch_02/0002.jpg'))
    cv2.imwrite(str(root / 'batch_02/0002.jpg'), image[:-1])
    coco['annotations'][0]['segmentation'] = [[1, 2, 3]]
    coco['annotations'][3]['category_id'] = 12
    (root / 'train_all.json').write_text(json.dumps(coco))
    (root / 'val.json').write_text('{')
    (root / 'folds').mkdir()
    names = [image['file_name'] for image in coco['images']]
    (root / 'folds/fold0_train.txt').write_text('\n'.join([names[0], 'x.jpg']))
    (root / 'folds/fold0_val.txt').write_text('\n'.join(names))
    faults = check_data_root(root, RULE)
    assert [(fault.kind, Path(fault.file).name) for fault in faults] == [
        ('odd_polygon', 'train_all.json'),
        ('unknown_category', 'train_all.json'),
        ('invalid_json', 'val.json'),
        ('missing_image', '0000.jpg'),
        ('bad_image_file', '0001.jpg'),
        ('bad_image_file', '0002.jpg'),
        ('unknown_name', 'fold0_train.txt'),
        ('leak', 'fold0_val.txt'),
    ]
    messages = [str(fault) for fault in faults]
    assert 'truncated' in messages[4] and '48x39' in messages[5]
    assert "'x.jpg'" in messages[6] and names[0] in messages[7]
    assert kinds(root, with_images=False, ann_files=['train.json']) == []


def test_an_image_of_both_parts(root: Path) -> None:
    shutil.copy(root / 'train.json', root / 'val.json')
    assert kinds(root) == ['leak'] * 3


def test_images_elsewhere(tmp_path: Path, coco: dict) -> None:
    root = write_data(tmp_path / 'photos', coco)
    (root / 'train.json').rename(tmp_path / 'train.json')
    assert kinds(tmp_path) == ['missing_image'] * 3
    assert kinds(tmp_path, img_path='photos') == []


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='gone is no folder'):
        kinds(tmp_path / 'gone')
    with pytest.raises(FileNotFoundError, match='holds none of train_all.json'):
        kinds(tmp_path)
    assert kinds(tmp_path, ann_files=['a.json']) == ['missing_json']
