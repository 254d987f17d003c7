"""Compiled parts give what plain ones do; evaluations are not compiled."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmseg_trash import launch
from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.errors import ConfigError
from mmseg_trash.hooks import CompileHook

from .runs import configure, start


def test_a_run(
    project: Path, toy_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also ends early, as nothing is better by a thousand million."""
    graphs: list[bool] = []
    losses, keys = [], []

    def backend(module: Any, example_inputs: Any) -> Any:
        graphs.append(runner.model.training)
        return module

    for compiled in (False, True):
        torch.compiler.reset()
        folder = tmp_path / f'{compiled}'
        stop = dict(type='EarlyStoppingHook', monitor='mIoU', rule='greater')
        stop |= dict(patience=1, min_delta=1e9)
        cfg = configure(project, toy_root, folder, 5, stop)
        if compiled:
            cfg.compile = dict(parts=['backbone.layers.0.0'], backend=backend)
        launch.use_compile(cfg)
        runner = start(cfg)
        runner.train()
        assert runner.iter == 2
        losses.append(runner.message_hub.get_scalar('train/loss').data[0])
        keys.append(list(read_checkpoint(folder / 'iter_2.pth')['state_dict']))
    assert graphs and all(graphs)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert keys[0] == keys[1]


def test_the_option() -> None:
    for value, hooks in [
        (None, []),
        (False, []),
        (True, [dict(type='CompileHook')]),
        (dict(mode='default'), [dict(type='CompileHook', mode='default')]),
    ]:
        cfg = Config(dict(compile=value))
        launch.use_compile(cfg)
        assert 'compile' not in cfg
        assert cfg.get('custom_hooks', []) == hooks
    cfg = Config(dict(compile='fast'))
    with pytest.raises(ConfigError, match="compile must be .* got 'fast'"):
        launch.use_compile(cfg)


def test_inner_and_absent_parts() -> None:
    model = nn.ModuleDict(dict(head=nn.Sequential(nn.Linear(2, 2))))
    runner: Any = SimpleNamespace(model=model)
    CompileHook(['neck', 'head.0'], backend='eager').before_train(runner)
    assert model['head'][0]._compiled_call_impl is not None
    assert model['head']._compiled_call_impl is None
    with pytest.raises(ConfigError, match="ModuleDict has no 'neck'"):
        CompileHook(['neck']).before_train(runner)
    with pytest.raises(ValueError, match="got 'neck'"):
        CompileHook('neck')
