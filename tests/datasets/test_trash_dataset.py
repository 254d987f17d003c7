"""TrashDataset reads COCO as it comes."""

import json
from pathlib import Path

import numpy as np
import pycocotools.mask as coco_mask
import pytest
from mmengine.registry import init_default_scope

import mmseg_trash.transforms  # noqa: F401
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1, PALETTE

from .conftest import box, write_data

PIPELINE = [dict(type='LoadTrashImage'), dict(type='LoadLabelMap')]


@pytest.fixture(autouse=True)
def _scope() -> None:
    init_default_scope('mmseg')


def test_samples(root: Path) -> None:
    dataset = TrashDataset(data_root=root, pipeline=PIPELINE)
    assert len(dataset) == 3
    assert dataset.metainfo['classes'] == CLASSES
    assert dataset.metainfo['palette'] == PALETTE
    assert dataset.metainfo['label_map'] is None
    sample = dataset[0]
    assert sample['dataset'] is dataset and sample['sample_idx'] == 0
    assert sample['file_name'] == 'batch_00/0000.jpg'
    assert sample['img_path'] == str(root / 'batch_00/0000.jpg')
    assert sample['seg_fields'] == ['gt_seg_map']
    assert sample['img'].shape == (40, 48, 3) and sample['img_shape'] == (40, 48)
    expected = np.zeros((40, 48), np.uint8)
    expected[2:32, 2:32] = 8
    expected[10:18, 10:18] = 2
    assert (sample['gt_seg_map'] == expected).all()
    assert not dataset[2]['gt_seg_map'].any()
    # What one reader does to its sample must not reach the next one.
    sample['gt_seg_map'][:] = 7
    sample['img'][:] = 0
    assert (dataset[0]['gt_seg_map'] == expected).all()
    assert dataset[0]['img'].any()
    assert dataset[0]['seg_fields'] == ['gt_seg_map']


def test_methods_for_donors(root: Path) -> None:
    dataset = TrashDataset(data_root=root)
    counts = dataset.class_counts()
    for idx in range(3):
        label_map = dataset.label_map_of(idx)
        assert (counts[idx] == np.bincount(label_map.ravel(), minlength=11)).all()
        assert dataset.get_cat_ids(idx) == np.unique(label_map).tolist()
    instances = dataset.instances(1)
    assert [item.label for item in instances] == [6, 4, 9]
    assert instances[2].bbox == (40, 30, 8, 10) and instances[2].area == 80
    full = np.zeros((40, 48), bool)
    full[:10, :10] = full[20:30, 20:30] = True
    assert (instances[0].decode() == full).all()
    assert (instances[0].crop() == full[:30, :30]).all()
    assert instances[0].crop().dtype == bool
    index = dataset.instance_index()
    assert index.image.tolist() == [0, 0, 1, 1, 1]
    assert index.label.tolist() == [8, 2, 6, 4, 9]
    assert index.area.tolist() == [900, 64, 200, 100, 80]
    assert index.order.tolist() == [0, 1, 0, 1, 2]


def test_subset_and_indices_keep_rows_and_rows_apart(root: Path) -> None:
    (root / 'folds').mkdir()
    (root / 'folds/a.txt').write_text('batch_02/0002.jpg\n\nbatch_01/0001.jpg\n')
    dataset = TrashDataset(data_root=root, subset='folds/a.txt', image_cache=True)
    whole = TrashDataset(data_root=root)
    parts = (dataset.get_subset([1, 0]), TrashDataset(data_root=root, indices=[2, 1]))
    assert len(dataset) == 2
    for view, rows in ((dataset, (1, 2)), (parts[0], (2, 1)), (parts[1], (2, 1))):
        for idx, row in enumerate(rows):
            assert view.get_data_info(idx)['image_id'] == row
            assert (view.label_map_of(idx) == whole.label_map_of(row)).all()
            assert (view.load_image(idx) == whole.load_image(row)).all()
            assert view.instances(idx) == whole.instances(row)
        assert (view.class_counts() == whole.class_counts()[list(rows)]).all()
        shown = view.instance_index()
        assert shown.image.tolist() == [rows.index(1)] * 3
        assert shown.label.tolist() == [6, 4, 9] and shown.order.tolist() == [0, 1, 2]


def test_subset_faults(root: Path) -> None:
    cases = {
        'batch_00/0000.jpg\nbatch_00/0009.jpg\n': r'line 2.*0009.jpg.*train.json',
        'batch_00/0000.jpg\nbatch_00/0000.jpg\n': 'line 2.*stands twice',
        '\n': 'holds no file name',
    }
    for text, message in cases.items():
        (root / 'list.txt').write_text(text)
        with pytest.raises(DataError, match=f'list.txt.*{message}'):
            TrashDataset(data_root=root, subset='list.txt')
    with pytest.raises(DataError, match=r'gone.txt.*make_folds'):
        TrashDataset(data_root=root, subset='gone.txt')


def test_images_below_images(tmp_path: Path, coco: dict) -> None:
    write_data(tmp_path / 'images', coco)
    (tmp_path / 'images/train.json').rename(tmp_path / 'train.json')
    dataset = TrashDataset(data_root=tmp_path)
    assert dataset.load_image(0).shape == (40, 48, 3)
    named = TrashDataset(data_root=tmp_path, data_prefix=dict(img_path='images'))
    assert named.get_data_info(1) == dataset.get_data_info(1)
    alone = TrashDataset(str(tmp_path / 'train.json'))
    assert alone.get_data_info(1)['img_path'] == named.get_data_info(1)['img_path']


def test_json_without_annotations(tmp_path: Path, coco: dict) -> None:
    del coco['annotations']
    root = write_data(tmp_path, coco, 'test.json')
    load = [dict(type='LoadTrashImage')]
    dataset = TrashDataset('test.json', root, pipeline=load, test_mode=True)
    assert len(dataset) == 3 and not dataset.has_labels
    assert dataset[1]['img'].shape == (40, 48, 3)
    dataset = TrashDataset('test.json', root, pipeline=PIPELINE)
    with pytest.raises(DataError, match=r'test\.json has no annotations'):
        dataset[0]


def test_keep_empty(root: Path, coco: dict) -> None:
    assert len(TrashDataset(data_root=root, keep_empty=False)) == 2
    coco['images'] = coco['images'][2:]
    coco['annotations'] = [
        dict(
            id=1,
            image_id=2,
            category_id=1,
            segmentation=[[3, 3, 3, 3, 3, 3]],
        )
    ]
    (root / 'dull.json').write_text(json.dumps(coco))
    assert len(TrashDataset('dull.json', root)) == 1
    with pytest.raises(DataError, match=r'dull\.json: no image is left of 1'):
        TrashDataset('dull.json', root, keep_empty=False)


def test_first_cohort(root: Path, coco: dict) -> None:
    names = ('UNKNOWN', *CLASSES[1:])
    coco['categories'] = [dict(id=n, name=name) for n, name in enumerate(names)]
    coco['annotations'][0]['category_id'] = 0
    (root / 'old.json').write_text(json.dumps(coco))
    expected = {'class': (1, 3), 'general_trash': (1, 2), 'ignore': (255, 2)}
    for unknown, (at_unknown, at_paper) in expected.items():
        dataset = TrashDataset('old.json', root, unknown=unknown)
        label_map = dataset.label_map_of(0)
        assert (label_map[5, 5], label_map[12, 12]) == (at_unknown, at_paper)
        classes = CLASSES_COHORT1 if unknown == 'class' else CLASSES
        assert dataset.metainfo['classes'] == classes
        assert len(dataset.metainfo['palette']) == len(classes)
        assert dataset.class_counts().shape[1] == len(classes)
    with pytest.raises(DataError, match='UNKNOWN'):
        TrashDataset('old.json', root)


def test_classes_of_ones_own(root: Path, coco: dict) -> None:
    coco['categories'] = [dict(id=5, name='can'), dict(id=7, name='Bottle')]
    for entry, category in zip(coco['annotations'], (5, 7, 5, 5, 7)):
        entry['category_id'] = category
    (root / 'own.json').write_text(json.dumps(coco))
    metainfo = dict(classes=('Background', 'Bottle', 'Can'))
    dataset = TrashDataset('own.json', root, metainfo=metainfo)
    assert dataset.label_map_of(0)[12, 12] == 1 and dataset.label_map_of(0)[5, 5] == 2
    assert len(set(dataset.metainfo['palette'])) == 3
    only = TrashDataset(
        'own.json',
        root,
        metainfo=dict(classes=('Bottle',), palette=[(1, 2, 3)]),
        category_map={'can': None},
    )
    assert np.unique(only.label_map_of(0)).tolist() == [0, 255]
    assert only.metainfo['palette'] == [(1, 2, 3)]
    with pytest.raises(DataError, match="unknown category 'can'"):
        TrashDataset('own.json', root)
    with pytest.raises(ValueError, match='2 colours for 1 classes'):
        TrashDataset('own.json', root, metainfo=dict(classes='a', palette=[1, 2]))


def test_crowd_and_run_lengths(root: Path, coco: dict) -> None:
    pixels = np.zeros((40, 48), np.uint8, order='F')
    pixels[4:9, 6:11] = 1
    code = coco_mask.encode(pixels)
    coco['annotations'][0]['segmentation'] = dict(
        size=code['size'], counts=code['counts'].decode()
    )
    coco['annotations'][0]['iscrowd'] = 1
    (root / 'crowd.json').write_text(json.dumps(coco))
    painted = TrashDataset('crowd.json', root)
    assert (painted.label_map_of(0)[4:9, 6:11] == 8).all()
    ignored = TrashDataset('crowd.json', root, crowd='ignore')
    assert (ignored.label_map_of(0)[4:9, 6:11] == 255).all()
    assert [item.label for item in ignored.instances(0)] == [2]
    assert ignored.class_counts()[0].sum() == 40 * 48 - 25


def test_rules_reach_the_label_maps(root: Path, coco: dict) -> None:
    coco['annotations'][1]['segmentation'] = [box(10, 10, 8, 8)[:6]]
    (root / 'rules.json').write_text(json.dumps(coco))
    at = {
        rule: TrashDataset('rules.json', root, rule=rule).label_map_of(0)[11, 16]
        for rule in ('area', 'class_id', 'vertices')
    }
    assert at == {'area': 2, 'class_id': 8, 'vertices': 8}


@pytest.mark.parametrize(
    'arguments, text',
    [
        (dict(rule='sum'), "'sum'"),
        (dict(crowd='drop'), "'drop'"),
        (dict(unknown='paper'), "'paper'"),
        (dict(category_map={'a': 'b'}), "'b'"),
    ],
)
def test_arguments(arguments: dict, text: str, root: Path) -> None:
    with pytest.raises(ValueError, match=text):
        TrashDataset(data_root=root, **arguments)
