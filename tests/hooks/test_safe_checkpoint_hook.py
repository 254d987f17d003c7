"""Whenever a run is killed, its last checkpoint can be resumed from."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.fileio import LocalBackend
from mmengine.model import BaseModel
from mmengine.runner import Runner, find_latest_checkpoint
from torch import nn

import mmseg_trash.hooks  # noqa: F401
from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.errors import ConfigError

SCORES = [5.0, 3.0, 7.0, 6.0]  # of the evaluations after iterations 1, 2, 3, 4


class Counter(BaseModel):
    """A model whose weight is the number of its training steps."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(64))

    def forward(self, *args: Any, **kwargs: Any) -> list:
        return [0]

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, torch.Tensor]:
        self.weight.data += 1
        return dict(loss=self.weight.mean().detach())


class Score(BaseMetric):
    """A given score for each weight, and its negative."""

    def __init__(self, model: Counter) -> None:
        super().__init__()
        self.model = model

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        score = SCORES[int(self.model.weight[0]) - 1]
        return dict(score=score, cost=-score)


def run(work_dir: Path, iterations: int = 4, **options: Any) -> Counter:
    model = Counter()
    loader = dict(dataset=[0, 1], batch_size=1, num_workers=0)
    hook = dict(type='SafeCheckpointHook', by_epoch=False, interval=1, max_keep_ckpts=1)
    hook |= dict(save_best='score', rule='greater') | options
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=loader | dict(sampler=dict(type='InfiniteSampler')),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=iterations, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        val_dataloader=loader | dict(sampler=dict(type='DefaultSampler')),
        val_cfg=dict(),
        val_evaluator=[Score(model)],
        default_hooks=dict(checkpoint=hook),
        experiment_name=f'{work_dir.name}-{os.getpid()}-{len(list(work_dir.glob("*")))}',
        resume=True,
        default_scope='mmseg',
        log_level='ERROR',
    )
    runner.train()
    return model


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doomed(work_dir: Path, point: str, options: dict[str, Any]) -> None:
    """Run until a kill at a given point, in a process of its own."""
    put, remove, replace = LocalBackend.put, LocalBackend.remove, Path.replace

    def half(self: LocalBackend, content: bytes, path: Any) -> None:
        name = Path(path).name
        if point in ('write', 'best') and name.lstrip('.').startswith(
            'iter_3' if point == 'write' else 'best_score_iter_3'
        ):
            Path(path).write_bytes(content[: len(content) // 2])
            die()
        put(self, content, path)

    def move(self: Path, target: Any) -> Path:
        name = Path(target).name
        if (point, name) in (('move', 'iter_3.pth'), ('point', 'last_checkpoint')) and (
            name == 'iter_3.pth' or (work_dir / 'iter_3.pth').exists()
        ):
            die()
        return replace(self, target)

    def gone(self: LocalBackend, path: Any) -> None:
        if point == 'remove' and Path(path).name == 'iter_2.pth':
            die()
        remove(self, path)

    LocalBackend.put, LocalBackend.remove, Path.replace = half, gone, move  # type: ignore
    run(work_dir, **options)


def kill(work_dir: Path, point: str, **options: Any) -> None:
    context = multiprocessing.get_context('fork')
    child = context.Process(target=doomed, args=(work_dir, point, options))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize('point, iteration', [
    ('write', 2),  # half of iter_3.pth is written
    ('move', 2),  # all of it, under another name
    ('point', 2),  # nothing names it yet
    ('remove', 3),  # iter_2.pth is still there
    ('best', 3),  # half of the better checkpoint
])  # fmt: skip
def test_killed_anywhere_and_resumed(
    point: str, iteration: int, tmp_path: Path
) -> None:
    kill(tmp_path, point)
    last = find_latest_checkpoint(str(tmp_path))
    assert last is not None and last.endswith(f'iter_{iteration}.pth')
    assert read_checkpoint(last)['state_dict']['weight'][0] == iteration
    (best,) = tmp_path.glob('best_*.pth')
    assert read_checkpoint(best)['state_dict']['weight'][0] == 1
    assert run(tmp_path).weight[0] == 4
    names = {path.name for path in tmp_path.iterdir() if path.suffix != '.py'}
    names = {name for name in names if (tmp_path / name).is_file()}
    left = {'iter_2.pth', 'iter_3.pth'} if point in ('point', 'remove') else set()
    # a resumed run does not repeat the evaluation of the iteration it begins with
    best_iteration = 4 if iteration == 3 else 3
    assert names - left == {
        'last_checkpoint',
        'iter_4.pth',
        f'best_score_iter_{best_iteration}.pth',
    }


def test_the_stock_hook_loses_its_only_checkpoint(tmp_path: Path) -> None:
    kill(tmp_path, 'write', type='CheckpointHook')
    last = find_latest_checkpoint(str(tmp_path))
    assert last is not None and not Path(last).exists()


def test_the_best_by_several_metrics(tmp_path: Path) -> None:
    run(tmp_path, save_best=['score', 'cost'], rule=['greater', 'less'])
    names = sorted(path.name for path in tmp_path.glob('*.pth'))
    assert names == ['best_cost_iter_3.pth', 'best_score_iter_3.pth', 'iter_4.pth']
    meta = read_checkpoint(tmp_path / 'best_cost_iter_3.pth')['meta']
    assert (meta['metric'], meta['score'], meta['iter']) == ('cost', -7.0, 3)
    content = read_checkpoint(tmp_path / 'iter_4.pth')
    assert 'optimizer' in content
    assert content['message_hub']['runtime_info']['best_score_cost'] == -7.0


def test_the_same_files_as_the_stock_hook(tmp_path: Path) -> None:
    for kind in ('CheckpointHook', 'SafeCheckpointHook'):
        options: dict[str, Any] = dict(save_best='auto', rule='less', max_keep_ckpts=2)
        run(tmp_path / kind, type=kind, **options)
    found = [
        {
            path.name: read_checkpoint(path)['state_dict']['weight'][0]
            for path in (tmp_path / kind).glob('*.pth')
        }
        for kind in ('CheckpointHook', 'SafeCheckpointHook')
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_names_a_metric_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"save_best is 'mIou'.* gave score, cost"):
        run(tmp_path, save_best='mIou')
