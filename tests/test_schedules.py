"""The rate in every iteration of the schedules, against formulas and torch."""

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import HOOKS, PARAM_SCHEDULERS
from torch.optim.lr_scheduler import OneCycleLR

import mmseg_trash.hooks  # noqa: F401
from mmseg_trash.config import build_model, load_config

SEGFORMER = 'segformer/segformer_mit-b0_1xb8-{}-20k_trash-512x512.py'
SMP = 'smpfpn/smpfpn_efficientnet-b0_1xb8-{}-20k_trash-512x512.py'
TOTAL, WARM_UP = 20000, 1500


def load(project: Path, leaf: str, tag: str) -> Config:
    return load_config(project / 'configs' / leaf.format(tag), from_scratch=True)


def rates(cfg: Config, *group_rates: float) -> np.ndarray:
    """Return the rates of some groups before each iteration, (iterations, groups)."""
    init_default_scope('mmseg')
    groups = [dict(params=[torch.zeros(1)], lr=lr) for lr in group_rates]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    schedulers = [
        PARAM_SCHEDULERS.build(dict(step), default_args=dict(optimizer=optimizer))
        for step in cfg.param_scheduler
    ]
    found = []
    for _ in range(cfg.train_cfg.max_iters):
        found.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return np.array(found)


def cosine(t: float) -> float:
    return (1 + math.cos(math.pi * t)) / 2


def restarts(step: int) -> float:
    for peak, begin, end in (1, 1500, 8000), (0.5, 8000, 14000), (0.25, 14000, 20000):
        if begin <= step < end:
            return 0.1 + (peak - 0.1) * cosine((step - begin) / (end - begin))
    raise AssertionError(step)


def poly_to_half(step: int) -> float:
    return max(0.5, 1 - 0.5 * (step - WARM_UP) / (15000 - WARM_UP - 1))


AFTER_WARM_UP = {
    'cosine': lambda step: cosine((step - WARM_UP) / (TOTAL - WARM_UP)),
    'restarts': restarts,
    'multistep': lambda step: 0.1 ** ((step >= 13300) + (step >= 17800)),
    'swa': poly_to_half,
    'ema': lambda step: 1 - (step - WARM_UP) / (TOTAL - WARM_UP - 1),
}


@pytest.mark.parametrize('tag', AFTER_WARM_UP)
def test_every_iteration(tag: str, project: Path) -> None:
    factor: Callable[[int], float] = AFTER_WARM_UP[tag]
    found = rates(load(project, SEGFORMER, tag), 6e-5, 6e-4)
    expected = np.array([
        1e-6 + (1 - 1e-6) * step / (WARM_UP - 1) if step < WARM_UP else factor(step)
        for step in range(TOTAL)
    ])  # fmt: skip
    np.testing.assert_allclose(found[:, 0], 6e-5 * expected, rtol=1e-6, atol=1e-12)
    # a head that learns ten times as fast does so throughout
    np.testing.assert_allclose(found[:, 1], 10 * found[:, 0], rtol=1e-9)


def test_one_cycle_is_torchs(project: Path) -> None:
    cfg = load(project, SMP, 'onecycle')
    found = rates(cfg, 2e-4)[:, 0]
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=2e-4, momentum=0.9)
    scheduler = OneCycleLR(optimizer, 1e-3, total_steps=TOTAL)
    expected = []
    for _ in range(TOTAL):
        expected.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step() if len(expected) < TOTAL else None
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    assert found.argmax() == 0.3 * TOTAL - 1
    model = build_model(cfg, 'meta')
    groups = build_optim_wrapper(model, cfg.optim_wrapper).optimizer.param_groups
    assert {group['lr'] for group in groups} == {2e-4}, 'the peak is one for all'


@pytest.mark.parametrize('tag, begin, weights', [
    ('ema', 1500, [0.999, 0.001]),
    ('swa', 15000, [0.5, 0.5]),
])  # fmt: skip
def test_averages_of_the_leaves(
    tag: str, begin: int, weights: list[float], project: Path
) -> None:
    cfg = load(project, SEGFORMER, tag)
    assert cfg.default_hooks.checkpoint.save_best == ['mIoU', f'{tag}/mIoU']
    init_default_scope('mmseg')
    hook = HOOKS.build(cfg.custom_hooks[-1])
    model = torch.nn.Linear(1, 1)
    hook.before_run(SimpleNamespace(model=model))
    assert hook.prefix == tag and hook.begin_iter == begin
    average = hook.ema_model
    interval = 100 if tag == 'swa' else 1
    values = []
    for step in range(interval + 1):  # the first update copies
        torch.nn.init.constant_(model.weight, float(step))
        average.update_parameters(model)
        values.append(float(average.module.weight))
    assert values[:-1] == [0.0] * interval
    assert values[-1] == pytest.approx(interval * weights[1])


@pytest.mark.parametrize('leaf, tag, kind, rate, decay', [
    (SEGFORMER, 'adamp', 'AdamP', 6e-5, 0.01),
    (SEGFORMER, 'lion', 'Lion', 1e-5, 0.06),
    (SMP, 'madgrad', 'MADGRAD', 2e-4, 1e-6),
])  # fmt: skip
def test_optimizers_of_the_leaves(
    leaf: str, tag: str, kind: str, rate: float, decay: float, project: Path
) -> None:
    cfg = load(project, leaf, tag)
    model = build_model(cfg)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    assert type(optimizer).__name__ == kind
    names = {id(p): n for n, p in model.named_parameters()}
    groups = {names[id(p)]: g for g in optimizer.param_groups for p in g['params']}
    assert len(groups) == len(names)
    first, last = next(iter(groups)), 'decode_head.conv_seg.weight'
    faster = 10 if leaf == SEGFORMER else 1
    assert groups[first]['lr'] == rate
    assert groups[last]['lr'] == pytest.approx(rate * faster)
    assert groups[first]['weight_decay'] == groups[last]['weight_decay'] == decay
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.01)
    optimizer.step()
    moved = [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]
    assert len(moved) == len(names)
