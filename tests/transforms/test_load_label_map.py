"""LoadLabelMap sets what mmseg's LoadAnnotations sets."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError
from mmseg_trash.transforms import LoadLabelMap


def test_equal_to_mmseg(toy_root: Path, tmp_path: Path) -> None:
    dataset = TrashDataset(data_root=toy_root, pipeline=[LoadLabelMap()])
    for idx in range(3):
        ours = dataset[idx]
        path = tmp_path / f'{idx}.png'
        cv2.imwrite(str(path), dataset.label_map_of(idx))
        info = {**dataset.get_data_info(idx), 'seg_map_path': str(path)}
        theirs = LoadAnnotations()(info)
        assert (ours['gt_seg_map'] == theirs['gt_seg_map']).all()
        assert ours['gt_seg_map'].dtype == np.uint8 and ours['gt_seg_map'].any()
        assert ours['seg_fields'] == theirs['seg_fields'] == ['gt_seg_map']


def test_twice_is_once(toy_root: Path) -> None:
    twice = [LoadLabelMap(), LoadLabelMap()]
    dataset = TrashDataset(data_root=toy_root, pipeline=twice)
    assert dataset[0]['seg_fields'] == ['gt_seg_map']


def test_json_without_annotations(toy_root: Path) -> None:
    dataset = TrashDataset('test.json', toy_root, pipeline=[LoadLabelMap()])
    with pytest.raises(DataError, match=r'test\.json has no annotations'):
        dataset[0]
