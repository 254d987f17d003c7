"""Donor classes follow the evaluations, in workers that keep running."""

import pickle
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmseg_trash.config import load_config
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import ConfigError
from mmseg_trash.hooks import CopyPasteRefreshHook
from mmseg_trash.hooks.copy_paste_refresh_hook import KEY, weakest_weights
from mmseg_trash.metrics import TrashIoUMetric
from mmseg_trash.transforms import CopyPaste, ObjectBankPaste
from mmseg_trash.transforms.live_weights import LiveWeights

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
ALL = list(range(1, 11))


def test_weights_by_hand() -> None:
    iou = np.array([0.9, 0.5, np.nan, 0.2, 0.8, 0.0])
    candidates = np.array([False, True, True, True, True, True])
    weights = weakest_weights(iou, candidates, 3, 1.0)
    expected = np.array([0, 0.5, 0, 0.8, 0, 1.0])
    assert np.allclose(weights, expected / 2.3)
    assert np.allclose(weakest_weights(iou, candidates, 2, 0.0), [0, 0, 0, 0.5, 0, 0.5])
    assert not weakest_weights(iou, np.zeros(6, bool), 3, 1.0).any()
    perfect = weakest_weights(np.ones(6), candidates, 9, 1.0)
    assert np.allclose(perfect[1:], 0.2) and perfect[0] == 0


def test_live_weights() -> None:
    live = LiveWeights(3)
    assert live.get() is None and live.version == 0
    other = pickle.loads(bytes(ForkingPickler.dumps(live)))
    live.set([0, 1, 2])
    assert other.version == 1
    assert other.get().tolist() == [0, 1, 2]
    for wrong in ([1, 2], [0, 0, 0], [1, -1, 1], [1, np.nan, 1]):
        with pytest.raises(ValueError, match='got'):
            live.set(wrong)
    assert live.version == 1


class Notes:
    """A transform that keeps the labels that were changed."""

    def __call__(self, results: dict) -> dict:
        before = results['dataset'].label_map_of(results['sample_idx'])
        changed = results['gt_seg_map'] != before
        found = np.unique(results['gt_seg_map'][changed])
        flags = np.zeros(11, bool)
        flags[found] = True
        return dict(labels=torch.from_numpy(flags))


class Forever(torch.utils.data.Sampler):
    """All indices, again and again."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __iter__(self):
        while True:
            yield from range(self.length)


def fake_runner(loader: Any, confusion: np.ndarray, info: dict) -> SimpleNamespace:
    metric = TrashIoUMetric()
    metric.confusion = confusion
    hub = SimpleNamespace(
        get_info=lambda key, default: info.get(key, default),
        update_info=info.__setitem__,
    )
    return SimpleNamespace(
        train_loop=SimpleNamespace(dataloader=loader),
        val_loop=SimpleNamespace(evaluator=SimpleNamespace(metrics=[metric])),
        message_hub=hub,
    )


@pytest.mark.parametrize('kind', [CopyPaste, ObjectBankPaste])
def test_persistent_workers_see_the_change(kind: type, toy_root: Path) -> None:
    paste = kind(1.0, classes=ALL, min_area=1, pool_size=4)
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    steps = [*_load(), paste, Notes()]
    dataset.pipeline.transforms = steps
    loader = DataLoader(
        dataset,
        batch_size=4,
        sampler=Forever(len(dataset)),
        num_workers=2,
        persistent_workers=True,
        prefetch_factor=2,
    )
    present = np.flatnonzero(dataset.class_counts().sum(axis=0) > 0)
    counts = np.bincount(dataset.instance_index().label, minlength=11)
    weak = next(int(c) for c in present[::-1] if c > 0 and counts[c] > 1)
    # every class of the truth is found but one, of which nothing is
    confusion = np.diag(np.full(11, 50))
    confusion[weak, weak], confusion[weak, 0] = 0, 50
    info: dict = {}
    runner = fake_runner(loader, confusion, info)
    hook = CopyPasteRefreshHook(num_classes=1)
    hook.before_train(runner)
    batches = iter(loader)
    workers = [worker.pid for worker in batches._workers]

    def pasted(number: int) -> set[int]:
        flags = sum(next(batches)['labels'].int().sum(0) for _ in range(number))
        return set(np.flatnonzero(flags.numpy()).tolist())

    assert len(pasted(6)) > 2
    hook.after_val_epoch(runner)
    assert info[KEY] == np.eye(11)[weak].tolist()
    pasted(2 * 2)  # what the workers had loaded ahead
    assert pasted(6) == {weak}
    assert [worker.pid for worker in batches._workers] == workers
    assert all(worker.is_alive() for worker in batches._workers)


def _load() -> list[Any]:
    from mmseg_trash.transforms import LoadLabelMap, LoadTrashImage

    return [LoadTrashImage(), LoadLabelMap()]


class Look(Hook):
    """Remember the live weights that each iteration begins with."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.weights: list[Any] = []

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        steps = runner.train_dataloader.dataset.pipeline.transforms
        (step,) = [s for s in steps if isinstance(s, CopyPaste)]
        self.weights.append(step.live_weights.get())


def configure(project: Path, data_root: Path, work_dir: Path) -> Config:
    """Return two iterations on toy data with an evaluation after each."""
    cfg = load_config(project / CONFIG, data_root=data_root)
    cfg.work_dir = str(work_dir)
    cfg.train_dataloader.dataset.pipeline.insert(
        2, dict(type='CopyPaste', prob=1.0, classes=ALL)
    )
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='CopyPasteRefreshHook')]
    cfg.train_cfg.update(max_iters=2, val_interval=1)
    cfg.train_dataloader.update(batch_size=2)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    return cfg


def test_a_run_and_its_resumption(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    cfg = configure(project, toy_root, tmp_path)
    cfg.experiment_name = 'refresh_first'
    runner = Runner.from_cfg(cfg)
    look = Look()
    runner.register_hook(look)
    runner.train()
    assert look.weights[0] is None and look.weights[1] is not None
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert log.count('Donors are drawn from: ') == 2
    last = runner.message_hub.get_info(KEY)
    confusion = runner.val_loop.evaluator.metrics[0].confusion
    seen = confusion.sum(1) > 0
    assert all(seen[label] for label in np.flatnonzero(last)) and last[0] == 0

    cfg = configure(project, toy_root, tmp_path)
    cfg.experiment_name, cfg.resume = 'refresh_second', True
    cfg.load_from = str(tmp_path / 'iter_2.pth')
    cfg.train_cfg.max_iters = 3
    runner = Runner.from_cfg(cfg)
    look = Look()
    runner.register_hook(look)
    runner.train()
    assert len(look.weights) == 1
    assert look.weights[0].tolist() == last


def test_what_is_missing_is_named(toy_root: Path) -> None:
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    loader = SimpleNamespace(dataset=dataset)
    runner = fake_runner(loader, np.eye(11, dtype=int), {})
    with pytest.raises(ConfigError, match='none of'):
        CopyPasteRefreshHook().before_train(runner)
    dataset.pipeline.transforms = [CopyPaste()]
    runner.val_loop = None
    with pytest.raises(ConfigError, match='TrashIoUMetric'):
        CopyPasteRefreshHook().before_train(runner)
    CopyPasteRefreshHook().after_val_epoch(runner)


def test_transforms_are_found_in_wrappers(toy_root: Path) -> None:
    from mmcv.transforms import RandomApply
    from mmengine.dataset import RepeatDataset

    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    paste = CopyPaste()
    dataset.pipeline.transforms = [RandomApply([paste], prob=0.5)]
    loader = SimpleNamespace(dataset=RepeatDataset(dataset, times=2))
    hook = CopyPasteRefreshHook()
    hook.before_train(fake_runner(loader, np.eye(11, dtype=int), {}))
    assert paste.live_weights is hook.live


@pytest.mark.parametrize('arguments', [
    dict(num_classes=0), dict(power=-1), dict(transforms='CopyPaste'),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        CopyPasteRefreshHook(**arguments)
