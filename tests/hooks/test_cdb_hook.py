"""The weights of CDBLoss follow each evaluation, through checkpoints and processes."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.hooks import CDBHook
from mmseg_trash.losses import CDBLoss
from mmseg_trash.metrics import TrashIoUMetric

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


class Look(Hook):
    """Remember the weights that each iteration begins with."""

    def __init__(self) -> None:
        self.weights: list[torch.Tensor] = []

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        loss = runner.model.decode_head.loss_decode[0]
        self.weights.append(loss.difficulty_weight.clone())


def configure(project: Path, data_root: Path, work_dir: Path) -> Config:
    """Return two iterations on toy data with an evaluation after each."""
    cfg = load_config(project / CONFIG, data_root=data_root)
    cfg.work_dir = str(work_dir)
    cfg.model.decode_head.loss_decode = [dict(type='CDBLoss', num_classes=11)]
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='CDBHook')]
    cfg.train_cfg.update(max_iters=2, val_interval=1)
    cfg.train_dataloader.update(batch_size=2)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    return cfg


def start(cfg: Config, name: str) -> tuple[Runner, CDBLoss]:
    cfg.experiment_name = name
    runner = Runner.from_cfg(cfg)
    return runner, runner.model.decode_head.loss_decode[0]


def test_a_run_and_its_resumption(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    runner, loss = start(configure(project, toy_root, tmp_path), 'first')
    runner.train()
    confusion = runner.val_loop.evaluator.metrics[0].confusion
    seen = confusion.sum(1) > 0
    assert 2 <= seen.sum() <= 11
    expected = CDBLoss(11)
    accuracies = np.full(11, np.nan)
    accuracies[seen] = np.diag(confusion)[seen] / confusion.sum(1)[seen]
    expected.set_accuracies(accuracies)
    weights = loss.difficulty_weight
    assert torch.equal(weights, expected.difficulty_weight)
    assert weights.max() > 1.01
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert log.count('CDB: exponent') == 2
    assert f'Battery {weights[9]:.2f}' in log

    # The best checkpoint of an evaluation has what that evaluation brought.
    key = 'decode_head.loss_decode.0.difficulty_weight'
    (best,) = tmp_path.glob('best_mIoU_*.pth')
    kept = torch.load(best, weights_only=False)['state_dict'][key]
    if best.stem.endswith('_2'):
        assert torch.equal(kept, weights)
    assert kept.max() > 1.01

    # iter_2.pth was written before the second evaluation, with the first one's weights
    first = torch.load(tmp_path / 'iter_2.pth', weights_only=False)['state_dict'][key]
    cfg = configure(project, toy_root, tmp_path)
    cfg.train_cfg.update(max_iters=3)
    cfg.update(resume=True)
    runner, _ = start(cfg, 'resumed')
    look = Look()
    runner.register_hook(look)
    runner.train()
    assert len(look.weights) == 1
    assert torch.equal(look.weights[0], first)
    assert first.max() > 1.01


def fake_runner(loss: nn.Module | None, classes: int = 3) -> Any:
    metric = TrashIoUMetric()
    metric.dataset_meta = dict(classes=tuple('abcdefgh'[:classes]))
    metric.confusion = np.array([[8, 1, 1], [4, 4, 0], [0, 0, 0]])
    evaluator = SimpleNamespace(metrics=[metric])
    return SimpleNamespace(
        model=nn.ModuleList([loss] if loss else []),
        val_loop=SimpleNamespace(evaluator=evaluator),
    )


@pytest.mark.parametrize('measure, values', [
    ('accuracy', [0.8, 0.5, float('nan')]),
    ('iou', [8 / 14, 4 / 9, 0.0]),
])  # fmt: skip
def test_measures(measure: str, values: list[float]) -> None:
    loss, expected = CDBLoss(3, tau=1), CDBLoss(3, tau=1)
    runner, hook = fake_runner(loss), CDBHook(measure)
    hook.after_val_epoch(runner)
    assert loss.difficulty_weight.tolist() == [1, 1, 1], 'tools/test.py trains nothing'
    hook.before_train(runner)
    hook.after_val_epoch(runner)
    expected.set_accuracies(values)
    assert torch.allclose(loss.difficulty_weight, expected.difficulty_weight)


def test_refuses_what_cannot_work() -> None:
    with pytest.raises(ValueError, match="got 'recall'"):
        CDBHook('recall')
    with pytest.raises(ConfigError, match='no loss of the model is a CDBLoss'):
        CDBHook().before_train(fake_runner(None))
    with pytest.raises(ConfigError, match='num_classes=3, the validation set has 4'):
        CDBHook().before_train(fake_runner(CDBLoss(3), classes=4))
    runner = fake_runner(CDBLoss(3))
    runner.val_loop.evaluator.metrics = []
    with pytest.raises(ConfigError, match='no TrashIoUMetric'):
        CDBHook().before_train(runner)
    runner.val_loop = None
    with pytest.raises(ConfigError, match='no TrashIoUMetric'):
        CDBHook().before_train(runner)


WORKER = """
import json, sys
import torch.distributed as dist
from types import SimpleNamespace
from torch import nn
from mmseg_trash.hooks import CDBHook
from mmseg_trash.losses import CDBLoss
from mmseg_trash.metrics import TrashIoUMetric
import numpy as np
rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group('gloo', f'file://{folder}/meet', rank=rank, world_size=2)
metric = TrashIoUMetric()
metric.dataset_meta = dict(classes=('a', 'b'))
metric.confusion = np.array([[9, 1], [5, 5]]) if rank == 0 else None
loop = SimpleNamespace(evaluator=SimpleNamespace(metrics=[metric]))
loss = CDBLoss(2, tau=1)
runner = SimpleNamespace(model=nn.ModuleList([loss]), val_loop=loop)
hook = CDBHook()
hook.before_train(runner)
hook.after_val_epoch(runner)
with open(f'{folder}/{rank}.json', 'w') as file:
    json.dump(loss.difficulty_weight.tolist(), file)
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_all_processes_get_the_weights(tmp_path: Path) -> None:
    """The matrix is on the main process alone."""
    command = [sys.executable, '-c', WORKER]
    processes = [
        subprocess.Popen([*command, str(rank), tmp_path], stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors
    for rank in range(2):
        weights = json.loads((tmp_path / f'{rank}.json').read_text())
        assert weights == pytest.approx([2 * 0.1 / 0.6, 2 * 0.5 / 0.6])
