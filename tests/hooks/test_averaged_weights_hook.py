"""EMA and SWA beside the trained weights: both evaluated, both kept."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.errors import ConfigError
from mmseg_trash.hooks import AveragedWeightsHook

from .runs import configure, start

KEY = 'decode_head.conv_seg.weight'
BEST = ['mIoU', 'ema/mIoU']


class Look(Hook):
    """Remember the weights after each step and the metrics of each evaluation."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.weights: list[torch.Tensor] = []
        self.metrics: list[dict[str, float]] = []

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        self.weights.append(runner.model.state_dict()[KEY].clone())

    def after_val_epoch(self, runner: Any, metrics: Any = None) -> None:
        self.metrics.append(dict(metrics))
        weights = runner.model.state_dict()[KEY]
        assert torch.equal(weights, self.weights[-1]), 'the trained ones are back'


def train(cfg: Any) -> Look:
    runner, look = start(cfg), Look()
    runner.register_hook(look)
    runner.train()
    return look


def weights(path: Path, key: str = 'state_dict') -> torch.Tensor:
    content = read_checkpoint(path)[key]
    found: torch.Tensor = content[KEY if key == 'state_dict' else f'module.{KEY}']
    return found


def test_ema_evaluated_kept_and_resumed(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    hook = dict(type='AveragedWeightsHook', momentum=0.3, begin_iter=2)

    def configured(iterations: int) -> Any:
        cfg = configure(project, toy_root, tmp_path / 'run', iterations, hook)
        cfg.default_hooks.checkpoint.update(save_best=BEST, max_keep_ckpts=9)
        return cfg

    look = train(configured(4))
    _, two, three, four = look.weights
    average = two
    for new in (three, four):
        average = 0.7 * average + 0.3 * new
    assert torch.equal(weights(tmp_path / 'run/iter_4.pth'), four)
    found = weights(tmp_path / 'run/iter_4.pth', 'ema_state_dict')
    torch.testing.assert_close(found, average)

    # before the average begins, it is the same; then the figures are its own
    first, last = look.metrics[0], look.metrics[-1]
    assert first['ema/mIoU'] == first['mIoU']
    assert {k for k in last if k.startswith('ema/')} == {
        f'ema/{k}' for k in last if '/' not in k
    }
    assert any(last[f'ema/{k}'] != last[k] for k in last if '/' not in k)

    # the figures of the average are those of a model that has its weights
    (kept,) = (tmp_path / 'run').glob('best_ema_mIoU_*.pth')
    at = int(kept.stem.rsplit('_', 1)[1])
    meta = read_checkpoint(kept)['meta']
    assert meta['score'] == look.metrics[at - 1]['ema/mIoU']
    other = start(configure(project, toy_root, tmp_path / 'other', 1))
    other.load_checkpoint(str(kept))
    metrics = other.val()
    assert metrics['mIoU'] == meta['score']
    assert metrics['aAcc'] == look.metrics[at - 1]['ema/aAcc']
    (plain,) = (tmp_path / 'run').glob('best_mIoU_*.pth')
    assert torch.equal(weights(plain), look.weights[int(plain.stem[-1]) - 1])
    assert 'ema_state_dict' not in read_checkpoint(plain)

    # a resumed run goes on with both
    cfg = configured(5)
    cfg.resume = True
    (five,) = train(cfg).weights
    average = 0.7 * average + 0.3 * five
    found = weights(tmp_path / 'run/iter_5.pth', 'ema_state_dict')
    torch.testing.assert_close(found, average)
    assert torch.equal(weights(tmp_path / 'run/iter_5.pth'), five)


def test_swa_is_the_mean(project: Path, toy_root: Path, tmp_path: Path) -> None:
    hook = dict(type='AveragedWeightsHook', ema_type='StochasticWeightAverage')
    hook |= dict(prefix='swa', begin_iter=2, interval=2, update_buffers=True)
    cfg = configure(project, toy_root, tmp_path, 6, hook)
    cfg.train_cfg.val_interval = 6
    look = train(cfg)
    mean = torch.stack([look.weights[i - 1] for i in (2, 4, 6)]).mean(0)
    found = weights(tmp_path / 'iter_6.pth', 'swa_state_dict')
    torch.testing.assert_close(found, mean)
    assert 'swa/mIoU' in look.metrics[0]


def test_refuses_what_would_save_the_wrong_weights(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    hook = dict(type='AveragedWeightsHook')
    cfg = configure(project, toy_root, tmp_path, 1, hook)
    cfg.default_hooks.checkpoint.update(type='CheckpointHook', save_best=BEST)
    with pytest.raises(ConfigError, match=r"'ema/mIoU' needs .*SafeCheckpointHook"):
        start(cfg).train()
    with pytest.raises(ValueError, match="got 'a/b'"):
        AveragedWeightsHook(prefix='a/b')
