"""mmseg's decay of the rate by stage and layer does what the schedules say."""

import re
from pathlib import Path
from typing import Any

import pytest
from mmengine.optim import build_optim_wrapper

from mmseg_trash.config import build_model, load_config


def groups(project: Path, stem: str) -> dict[str, tuple[float, float, bool]]:
    """Return each parameter's rate, weight decay, and whether it is a vector."""
    path = project / f'configs/{stem}-20k_trash-512x512.py'
    cfg = load_config(path, from_scratch=True)
    model = build_model(cfg, 'meta')
    found: list[dict[str, Any]] = build_optim_wrapper(
        model, cfg.optim_wrapper
    ).optimizer.param_groups
    of = {id(p): (g['lr'], g['weight_decay']) for g in found for p in g['params']}
    named = dict(model.named_parameters())
    assert len(of) == len(named)
    return {name: (*of[id(p)], p.ndim == 1) for name, p in named.items()}


def check(
    found: dict[str, tuple[float, float, bool]], steps: dict[str, int], rate: float,
    factor: float,
) -> None:  # fmt: skip
    """Hold each rate against the first pattern that fits; heads have the full one."""
    seen = set()
    for name, (lr, decay, vector) in found.items():
        pattern = next(p for p in steps if re.match(p, name))
        seen.add(pattern)
        assert lr == pytest.approx(rate * factor ** steps[pattern]), name
        is_free = vector or name.endswith('.bias')
        assert decay == (0 if is_free else 0.05), name
    assert seen == set(steps)


CONVNEXTS = [
    ('upernet/upernet_convnext-t_1xb8', 6, 1e-4),
    ('upernet/upernet_convnext-s_1xb8', 12, 1e-4),
    ('upernet/upernet_convnext-b_1xb8', 12, 1e-4),
    ('upernet/upernet_convnext-l-in22k_1xb8', 12, 1e-4),
    ('upernet/upernet_convnext-xl-in22k_1xb8', 12, 8e-5),
    ('knet/knet_convnext-xl-in22k_1xb8', 12, 8e-5),
]


@pytest.mark.parametrize('stem, layers, rate', CONVNEXTS)
def test_convnext_by_stage(project: Path, stem: str, layers: int, rate: float) -> None:
    steps = {r'backbone\.downsample_layers\.': layers + 1}
    steps |= {rf'backbone\.stages\.{i}\.': layers - i for i in range(4)}
    steps |= {r'backbone\.norm\d\.|decode_head\.|auxiliary_head\.': 0}
    check(groups(project, stem), steps, rate, 0.9)


@pytest.mark.parametrize('size, layers, rate, factor', [
    ('b', 12, 3e-5, 0.9),
    ('l', 24, 2e-5, 0.95),
])  # fmt: skip
def test_beit_by_layer(
    project: Path, size: str, layers: int, rate: float, factor: float
) -> None:
    steps = {r'backbone\.(cls_token|patch_embed\.)': layers + 1}
    steps |= {rf'backbone\.layers\.{i}\.': layers - i for i in range(layers)}
    steps |= {r'neck\.|decode_head\.|auxiliary_head\.': 0}
    found = groups(project, f'upernet/upernet_beit-{size}-in22k_1xb8')
    check(found, steps, rate, factor)


def test_k_net_on_swin(project: Path) -> None:
    cfg = load_config(project / 'configs/knet/knet_swin-t_1xb8-20k_trash-512x512.py')
    assert cfg.optim_wrapper.clip_grad == dict(max_norm=1, norm_type=2)
    steps = cfg.param_scheduler[1]
    # 60k and 72k of 80k
    assert [m / steps.end for m in steps.milestones] == [60 / 80, 72 / 80]
    found = groups(project, 'knet/knet_swin-t_1xb8')
    assert {rate for rate, _, _ in found.values()} == {6e-5}
    free = {name for name, (_, decay, _) in found.items() if decay == 0}
    assert all(re.search(r'norm|\.bn\.|bias_table|mask_fcs\.1', n) for n in free)
    assert 'decode_head.kernel_update_head.2.ffn_norm.weight' in free
    assert {decay for _, decay, _ in found.values()} == {0, 5e-4}
