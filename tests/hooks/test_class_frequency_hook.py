"""The logged shares, by hand and through a run."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_trash.config import load_config
from mmseg_trash.hooks import ClassFrequencyHook, class_frequency_hook

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


class Three:
    """Three photographs of three classes."""

    metainfo = dict(classes=('Background', 'Paper', 'Metal'))

    def __len__(self) -> int:
        return 3

    def class_counts(self) -> np.ndarray:
        return np.array([[9, 1, 0], [9, 0, 0], [0, 5, 5]])


def sample(index: int, label: list) -> SegDataSample:
    packed = SegDataSample(metainfo=dict(sample_idx=index))
    packed.gt_sem_seg = PixelData(data=torch.tensor([label]))
    return packed


def fake_runner(logged: list) -> SimpleNamespace:
    loader = SimpleNamespace(dataset=Three())
    return SimpleNamespace(
        train_loop=SimpleNamespace(dataloader=loader),
        visualizer=SimpleNamespace(add_scalars=lambda tags, step: logged.append(tags)),
        iter=0,
    )


def test_by_hand() -> None:
    logged: list = []
    hook = ClassFrequencyHook(stride=1)
    runner = fake_runner(logged)
    hook.before_train(runner)
    batches = [
        [sample(0, [[0, 1], [255, 1]]), sample(2, [[2, 2], [2, 255]])],
        [sample(0, [[0, 0], [255, 255]]), sample(1, [[0, 0], [0, 0]])],
    ]
    hook.after_train_iter(runner, 0, dict(data_samples=batches[0]))
    assert not logged
    hook.after_train_iter(runner, 1, dict(data_samples=batches[1]))
    (tags,) = logged
    assert tags == pytest.approx({
        'class_images/Background': 75, 'class_images/Paper': 75,
        'class_images/Metal': 25,
        'class_pixels/Background': 700 / 12, 'class_pixels/Paper': 200 / 12,
        'class_pixels/Metal': 25,
    })  # fmt: skip
    assert not hook._counts.any()


def test_epoch_is_that_of_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list = []
    hook = ClassFrequencyHook(stride=1)
    runner = fake_runner(logged)
    monkeypatch.setattr(class_frequency_hook, 'get_world_size', lambda: 2)
    hook.before_train(runner)
    for _ in range(2):
        batch = dict(data_samples=[sample(2, [[2]])])
        hook.after_train_iter(runner, 0, batch)
    assert len(logged) == 1


@pytest.mark.parametrize('kind', ['InfiniteSampler', 'ClassAwareSampler'])
def test_a_run(project: Path, toy_root: Path, tmp_path: Path, kind: str) -> None:
    cfg = load_config(project / CONFIG, data_root=toy_root)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = cfg.visualizer.name = f'frequency_{kind}'
    cfg.custom_hooks = []  # it is among the default ones
    cfg.train_cfg.update(max_iters=4, val_interval=10)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.train_dataloader.update(
        batch_size=4,
        num_workers=0,
        persistent_workers=False,
        sampler=dict(type=kind),
    )
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    runner = Runner.from_cfg(cfg)
    runner.train()
    lines = next(tmp_path.glob('*/vis_data/scalars.json')).read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if 'class_images/Battery' in row]
    assert [row['step'] for row in rows] == [2, 4]
    for row in rows:
        pixels = [value for key, value in row.items() if 'class_pixels' in key]
        assert len(pixels) == 11 and abs(sum(pixels) - 100) < 0.01
    if kind == 'InfiniteSampler':  # every photograph once
        shares = (runner.train_dataloader.dataset.class_counts() > 0).mean(0) * 100
        names = runner.train_dataloader.dataset.metainfo['classes']
        for name, share in zip(names, shares):
            assert rows[0][f'class_images/{name}'] == pytest.approx(share)
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert log.count('Epoch of 8 images: Background') == 2


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match='got 0'):
        ClassFrequencyHook(0)
