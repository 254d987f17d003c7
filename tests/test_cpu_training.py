"""Which trainings get another memory format, a fused optimiser, fewer workers."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from mmseg_trash import cpu_training
from mmseg_trash.config import load_config
from mmseg_trash.cpu_training import (
    CHANNELS_LAST,
    fit_to_processors,
    processors,
    use_channels_last,
    wants_channels_last,
)
from mmseg_trash.errors import ConfigError

LIGHT = 'configs/smpfpn/smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'
SWIN = 'configs/upernet/upernet_swin-t_1xb8-20k_trash-512x512.py'


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)


def config(backbone: Any = 'SMPEncoder', wrapper: str = 'OptimWrapper', **rest: Any):
    backbone = dict(type=backbone) if isinstance(backbone, str) else backbone
    content = dict(model=dict(backbone=backbone), optim_wrapper=dict(type=wrapper))
    return Config(content | rest)


def test_the_config_decides() -> None:
    for backbone in ('SMPEncoder', 'SDPASwinTransformer', None):
        for given in (True, False):
            cfg = config(backbone, channels_last=given)
            assert wants_channels_last(cfg) is given
            use_channels_last(cfg)
            hooks = [dict(type='ChannelsLastHook')] if given else []
            assert cfg.get('custom_hooks', []) == hooks
            assert 'channels_last' not in cfg


def test_else_the_family_does() -> None:
    assert wants_channels_last(config('SMPEncoder'))
    assert wants_channels_last(config('SMPEncoder', channels_last=None))
    assert not wants_channels_last(config('SDPASwinTransformer'))
    assert not wants_channels_last(config(None))
    assert not wants_channels_last(config('ResNet'))
    assert not wants_channels_last(config('ResNet', 'BFloat16OptimWrapper'))
    kept = dict(type='Another')
    cfg = config('SMPEncoder', custom_hooks=[kept])
    use_channels_last(cfg)
    assert cfg.custom_hooks == [kept, dict(type='ChannelsLastHook')]


def test_gpus_want_it_for_mixed_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert not wants_channels_last(config('SMPEncoder'))
    for wrapper in ('BFloat16OptimWrapper', 'AmpOptimWrapper'):
        assert wants_channels_last(config('SMPEncoder', wrapper))
        assert not wants_channels_last(config('ResNet', wrapper))
    assert wants_channels_last(config('SMPEncoder', channels_last=True))


@pytest.mark.parametrize('garbage', ['yes', 1, 0, {}, [True]], ids=repr)
def test_other_values_are_refused(garbage: Any) -> None:
    with pytest.raises(ConfigError, match='channels_last must be True, False or None'):
        wants_channels_last(config(channels_last=garbage))


def test_the_option_of_the_command_line(project: Path) -> None:
    cfg = load_config(project / LIGHT, {'channels_last': False})
    assert cfg.channels_last is False and not wants_channels_last(cfg)
    assert wants_channels_last(load_config(project / LIGHT))
    assert wants_channels_last(load_config(project / SWIN, {'channels_last': True}))


def test_families_of_the_table_exist() -> None:
    from mmseg.registry import MODELS

    import mmseg_trash.models  # noqa: F401

    assert all(MODELS.get(name) is not None for name in CHANNELS_LAST)


@pytest.mark.parametrize('kind, fused', [
    ('AdamW', True), ('Adam', True), ('SGD', True), ('Adagrad', True),
    ('Lion', None), ('MADGRAD', None), ('AdamP', None), ('RMSprop', None),
])  # fmt: skip
def test_known_optimisers_are_fused(kind: str, fused: bool | None) -> None:
    cfg = config()
    cfg.optim_wrapper.optimizer = dict(type=kind, lr=0.1)
    fit_to_processors(cfg)
    assert cfg.optim_wrapper.optimizer.get('fused') is fused
    if fused:  # it takes the word on a CPU
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = getattr(torch.optim, kind)([weight], lr=0.1, fused=True)
        weight.sum().backward()
        optimizer.step()
        assert (weight < 1).all()


def test_what_a_config_says_about_it_stays() -> None:
    cfg = config()
    cfg.optim_wrapper.optimizer = dict(type='AdamW', lr=0.1, fused=False)
    fit_to_processors(cfg)
    assert cfg.optim_wrapper.optimizer.fused is False


def test_workers_are_no_more_than_processors(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_training, 'processors', lambda: 2)
    cfg = load_config(project / SWIN)
    assert cfg.train_dataloader.num_workers == cfg.val_dataloader.num_workers == 4
    cfg.test_dataloader.num_workers = 1
    fit_to_processors(cfg)
    workers = [
        cfg[f'{part}_dataloader'].num_workers for part in ('train', 'val', 'test')
    ]
    assert workers == [2, 2, 1]
    cfg.pop('test_dataloader')
    cfg.train_dataloader.num_workers = 0
    fit_to_processors(cfg)
    assert cfg.train_dataloader.num_workers == 0


def test_a_config_without_a_training() -> None:
    cfg = Config()
    use_channels_last(cfg)
    fit_to_processors(cfg)
    assert cfg.to_dict() == {}


def test_gpus_keep_the_config(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(cpu_training, 'processors', lambda: 1)
    cfg, plain = load_config(project / SWIN), load_config(project / SWIN)
    fit_to_processors(cfg)
    assert cfg.to_dict() == plain.to_dict()


def test_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() >= 1
    monkeypatch.setattr('os.sched_getaffinity', lambda _: {1, 5, 7}, raising=False)
    assert processors() == 3
    monkeypatch.delattr('os.sched_getaffinity')
    monkeypatch.setattr('os.cpu_count', lambda: None)
    assert processors() == 1
