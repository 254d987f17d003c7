"""Evaluation of photographs of several sizes: as one by one, in the same batches."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_trash.by_size import step_by_size
from mmseg_trash.config import build_model, load_config
from mmseg_trash.evaluate import evaluate, use_tta
from mmseg_trash.metainfo import CLASSES

CONFIG = (
    'configs/segformer/segformer_mit-b0-scratch_1xb8-classmix-iouce-1k_toy-128x128.py'
)
SIZES = [(64, 96), (96, 64), (64, 96), (128, 128), (40, 200), (96, 64)]


def test_each_size_by_itself_and_in_order() -> None:
    seen = []

    def step(batch: Any) -> list[str]:
        shapes = {tuple(image.shape) for image in batch['inputs']}
        assert len(shapes) == 1 and batch['note'] == 'kept'
        seen.append(len(batch['inputs']))
        return [f'{sample}!' for sample in batch['data_samples']]

    images = [torch.zeros(3, *size) for size in SIZES]
    batch = dict(inputs=images, data_samples=list('abcdef'), note='kept')
    assert step_by_size(step, batch) == ['a!', 'b!', 'c!', 'd!', 'e!', 'f!']
    assert sorted(seen) == [1, 1, 2, 2]
    same = dict(inputs=torch.zeros(2, 3, 4, 4), data_samples=['a', 'b'], note='kept')
    assert step_by_size(step, same) == ['a!', 'b!']


def test_views_stay_together() -> None:
    def step(batch: Any) -> list[str]:
        assert all(len({tuple(i.shape) for i in view}) == 1 for view in batch['inputs'])
        return [''.join(s) for s in zip(*batch['data_samples'])]

    # the second view of 'b' alone has another size
    first = [torch.zeros(3, 4, 4)] * 3
    second = [torch.zeros(3, 8, side) for side in (8, 9, 8)]
    batch = dict(inputs=[first, second], data_samples=[list('abc'), list('xyz')])
    assert step_by_size(step, batch) == ['ax', 'by', 'cz']


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('mixed')
    random = np.random.default_rng(0)
    images, annotations = [], []
    for number, (height, width) in enumerate(SIZES, 1):
        picture = random.integers(0, 256, (height, width, 3), np.uint8)
        cv2.imwrite(str(root / f'{number}.png'), picture)
        images.append(
            dict(id=number, file_name=f'{number}.png', height=height, width=width)
        )
        box = [4, 4, 30, 4, 30, 30, 4, 30]
        annotations.append(
            dict(id=number, image_id=number, category_id=number, segmentation=[box],
                 area=676, bbox=[4, 4, 26, 26], iscrowd=0)
        )  # fmt: skip
    categories = [dict(id=n, name=name) for n, name in enumerate(CLASSES)]
    content = dict(images=images, annotations=annotations, categories=categories)
    for name in ('train', 'val'):
        (root / f'{name}.json').write_text(json.dumps(content))
    return root


def config(project: Path, data: Path, batch: int, work_dir: Path) -> Config:
    cfg = load_config(project / CONFIG, data_root=data)
    cfg.test_dataloader.update(batch_size=batch, num_workers=0)
    cfg.test_dataloader.persistent_workers = False
    cfg.work_dir = str(work_dir)
    return cfg


@pytest.mark.parametrize('tta', [False, True])
def test_metrics_are_those_of_one_by_one(
    project: Path, data: Path, tmp_path: Path, tta: bool
) -> None:
    torch.manual_seed(0)
    model = build_model(config(project, data, 1, tmp_path), init=True)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'w.pth')
    found = []
    for batch in (1, 6):
        cfg = config(project, data, batch, tmp_path / str(batch))
        if tta:
            use_tta(cfg)
        found.append(evaluate(cfg, tmp_path / 'w.pth'))
    assert len(found[0]) > 10
    for key in ('mIoU', 'mIoU_image', 'trash_IoU', 'mIoU_256'):
        assert found[1][key] == pytest.approx(found[0][key], abs=0.02)
    # a batch is what the loader made, not the images of one size
    assert found[1]['mIoU_batch'] == pytest.approx(found[1]['mIoU'], abs=0.01)
    assert found[0]['mIoU_batch'] == pytest.approx(found[0]['mIoU_image'], abs=0.01)
