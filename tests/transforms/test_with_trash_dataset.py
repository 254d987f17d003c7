"""The transforms on real data sets, and the benchmarks that measure them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.transforms import ClassMix, CopyPaste, CutMix, ObjectBankPaste

MIXES = [
    dict(type='ClassMix', prob=1.0),
    dict(type='CopyPaste', prob=1.0, classes=list(range(1, 11)), feather=1.0),
    dict(type='ObjectBankPaste', prob=1.0, classes=list(range(1, 11))),
    dict(type='CutMix', prob=0.5),
    dict(type='Mosaic', prob=0.5),
]


def open_dataset(root: Path, project: Path, **kwargs) -> TrashDataset:
    """Open a data set with the base config's training pipeline and all mixes."""
    init_default_scope('mmseg')
    config = Config.fromfile(project / 'configs/_base_/datasets/trash_512x512.py')
    pipeline = [*config.load_pipeline, *MIXES]
    pipeline += [*config.augment_pipeline, *config.pack_pipeline]
    return TrashDataset(data_root=str(root), pipeline=pipeline, **kwargs)


def check_samples(dataset: TrashDataset, number: int) -> None:
    for index in range(number):
        packed = dataset[index]
        label = packed['data_samples'].gt_sem_seg.data
        assert packed['inputs'].dtype == torch.uint8
        assert packed['inputs'].shape[1:] == label.shape[1:]
        assert set(label.unique().tolist()) <= {*range(11), 255}
        assert 'dataset' not in packed['data_samples'].metainfo


@pytest.mark.parametrize('image_cache', [False, True])
def test_toy(toy_root: Path, project: Path, image_cache: bool) -> None:
    np.random.seed(0)
    check_samples(open_dataset(toy_root, project, image_cache=image_cache), 8)


def test_photographs_of_several_sizes(taco_root: Path, project: Path) -> None:
    np.random.seed(0)
    check_samples(open_dataset(taco_root, project), 12)


def test_caches_are_not_painted_over(toy_root: Path, project: Path) -> None:
    dataset = open_dataset(toy_root, project, image_cache=True)
    before = [(dataset.load_image(k), dataset.label_map_of(k)) for k in range(8)]
    np.random.seed(1)
    check_samples(dataset, 8)
    for k, (image, label) in enumerate(before):
        assert np.array_equal(dataset.load_image(k), image)
        assert np.array_equal(dataset.label_map_of(k), label)


def test_workers_with_the_same_seed_make_the_same_samples(
    toy_root: Path, project: Path
) -> None:
    def seeded(worker: int) -> None:
        np.random.seed(worker)

    runs = []
    for _ in range(2):
        loader = torch.utils.data.DataLoader(
            open_dataset(toy_root, project),
            batch_size=None,
            num_workers=2,
            worker_init_fn=seeded,
            multiprocessing_context='fork',
        )
        runs.append([packed['inputs'] for packed in loader])
    assert len(runs[0]) == 8
    for first, second in zip(*runs):
        assert torch.equal(first, second)


def test_pasted_labels_fit_the_donors_colours(toy_root: Path) -> None:
    """Every changed pixel of a hard paste is found in some image with that label."""
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    colours: dict[int, set] = {}
    for k in range(len(dataset)):
        image, label = dataset.load_image(k), dataset.label_map_of(k)
        for value in np.unique(label):
            pixels = map(bytes, image[label == value])
            colours.setdefault(int(value), set()).update(pixels)
    np.random.seed(0)
    hard = dict(scale=(1.0, 1.0), classes=list(range(1, 11)))
    bank = ObjectBankPaste(1.0, classes=list(range(1, 11)))
    for transform in (ClassMix(1.0), CopyPaste(1.0, **hard), bank, CutMix(1.0)):
        changed = 0
        for k in range(len(dataset)):
            image, label = dataset.load_image(k), dataset.label_map_of(k)
            mixed = transform(
                dict(
                    img=image.copy(),
                    gt_seg_map=label.copy(),
                    dataset=dataset,
                    sample_idx=k,
                )
            )
            where = (mixed['img'] != image).any(-1)
            changed += int(where.sum())
            for value, pixel in zip(mixed['gt_seg_map'][where], mixed['img'][where]):
                assert bytes(pixel) in colours[int(value)]
        assert changed > 500
