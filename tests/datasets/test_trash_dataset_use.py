"""TrashDataset within mmengine's wrappers, in workers, and on real photographs."""

import json
import pickle
from operator import itemgetter
from pathlib import Path

import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

import mmseg_trash.transforms  # noqa: F401
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError

PIPELINE = [dict(type='LoadTrashImage'), dict(type='LoadLabelMap')]


@pytest.fixture(autouse=True)
def _scope() -> None:
    init_default_scope('mmseg')


def test_wrappers_of_mmengine(root: Path) -> None:
    dataset = TrashDataset(data_root=root, pipeline=PIPELINE)
    double = ConcatDataset([dataset, TrashDataset(data_root=root, pipeline=PIPELINE)])
    assert len(double) == 6 and double[4]['file_name'] == 'batch_01/0001.jpg'
    assert RepeatDataset(dataset, 3)[7]['file_name'] == 'batch_01/0001.jpg'
    balanced = ClassBalancedDataset(dataset, oversample_thr=0.9)
    assert len(balanced) > 3 and balanced[0]['img'].shape == (40, 48, 3)


@pytest.mark.parametrize('method', ['fork', 'spawn'])
def test_workers(method: str, root: Path) -> None:
    dataset = TrashDataset(data_root=root, pipeline=PIPELINE, image_cache=True)
    loader = DataLoader(
        dataset, num_workers=1, collate_fn=itemgetter(0), multiprocessing_context=method
    )
    for idx, sample in enumerate(loader):
        assert (sample['gt_seg_map'] == dataset.label_map_of(idx)).all()
        assert (sample['img'] == dataset.load_image(idx)).all()


def test_pickle_refuses_a_json_that_changed(root: Path, coco: dict) -> None:
    packed = pickle.dumps(TrashDataset(data_root=root))
    assert pickle.loads(packed).label_map_of(0).any()
    coco['annotations'].pop()
    (root / 'train.json').write_text(json.dumps(coco))
    with pytest.raises(DataError, match='changed while it was in use'):
        pickle.loads(packed).label_map_of(0)


def test_real_photographs(taco_root: Path) -> None:
    for name, images, objects in (('train', 201, 592), ('val', 44, 122)):
        dataset = TrashDataset(f'{name}.json', taco_root, pipeline=PIPELINE)
        assert len(dataset) == images
        assert len(dataset.instance_index().label) == objects
    sample = dataset[0]
    assert sample['img'].shape[:2] == sample['gt_seg_map'].shape
    share = dataset.class_counts().sum(0)[0] / dataset.class_counts().sum()
    assert share == pytest.approx(0.92, abs=0.01)
