"""Configs over DINOv2 and DINOv3: figures, learning rates, what belongs together."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.optim import build_optim_wrapper

from mmseg_trash.config import build_model, load_config
from mmseg_trash.models.complexity import count

pytest.importorskip('transformers')

V2, V3 = 'dinov2-{}-lvd142m', 'dinov3-{}-lvd1689m'


def load(project: Path, method: str, backbone: str, side: int = 512) -> Any:
    name = f'{method}/{method}_{backbone}_1xb8-20k_trash-{side}x{side}.py'
    return load_config(project / 'configs' / name, from_scratch=True)


def groups(cfg: Any) -> dict[str, tuple[float, float]]:
    """Return learning rate and weight decay of each parameter that learns."""
    model = build_model(cfg, 'meta')
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(p): n for n, p in model.named_parameters()}
    return {
        names[id(p)]: (g['lr'], g['weight_decay'])
        for g in optimizer.param_groups
        for p in g['params']
    }


def test_eomt_has_the_papers_figures(project: Path) -> None:
    """Table 1, for COCO's 133 panoptic classes: 316 million, 669 GFLOPs."""
    cfg = load(project, 'eomt', V2.format('l'), 640)
    cfg.model.decode_head.update(num_queries=200, num_classes=133)
    found = count(build_model(cfg, 'meta'), 640, 640)
    assert found.parameters / 1e6 == pytest.approx(316, rel=5e-3)
    assert found.macs / 1e9 == pytest.approx(669, rel=5e-3)


@pytest.mark.parametrize('backbone', [V2, V3])
@pytest.mark.parametrize('size', ['s', 'b', 'l'])
def test_eomt_runs_the_blocks_that_are_open(
    size: str, backbone: str, project: Path
) -> None:
    for side in (512, 640) if size == 'l' else (512,):
        cfg = load(project, 'eomt', backbone.format(size), side)
        blocks = 4 if size == 'l' else 3
        assert cfg.model.backbone.open_blocks == cfg.model.decode_head.num_blocks
        assert cfg.model.backbone.open_blocks == blocks
        assert cfg.model.backbone.get('img_size', side) == side
        assert cfg.model.test_cfg.crop_size == (side, side)
        kinds = [hook.type for hook in cfg.custom_hooks]
        assert {'MeanLossHook', 'MaskAnnealingHook'} <= set(kinds)
        assert len(kinds) == len(set(kinds))


def test_rates_of_eomt(project: Path) -> None:
    found = groups(load(project, 'eomt', V2.format('s')))
    assert {decay for _, decay in found.values()} == {0.05}
    rate = {name: rate for name, (rate, _) in found.items()}
    assert rate['decode_head.query.weight'] == pytest.approx(1e-4)
    assert rate['backbone.norm.weight'] == pytest.approx(1e-4)
    for i in range(12):
        expected = pytest.approx(1e-4 * 0.8 ** (11 - i))
        assert rate[f'backbone.layers.{i}.mlp.fc1.weight'] == expected
    expected = pytest.approx(1e-4 * 0.8**12)
    assert rate['backbone.embeddings.register_tokens'] == expected


@pytest.mark.parametrize('size, lr, power, depth', [
    ('s', 3e-5, 0.9, 12),
    ('l', 2e-5, 0.95, 24),
])  # fmt: skip
def test_rates_of_upernet(
    size: str, lr: float, power: float, depth: int, project: Path
) -> None:
    found = groups(load(project, 'upernet', V3.format(size)))
    free = {n for n, (_, decay) in found.items() if decay == 0}
    tokens = {f'backbone.embeddings.{n}' for n in ('cls_token', 'register_tokens')}
    vectors = {'backbone.layers.0.layer_scale1.lambda1', 'backbone.norm.bias'}
    assert tokens | vectors <= free
    assert found['decode_head.conv_seg.weight'] == (pytest.approx(lr), 0.05)
    first, last = (f'backbone.layers.{i}.mlp.up_proj.weight' for i in (0, depth - 1))
    assert found[last] == (pytest.approx(lr * power), 0.05)
    assert found[first] == (pytest.approx(lr * power**depth), 0.05)


@pytest.mark.parametrize('backbone', [V2, V3])
def test_linear_trains_the_head_alone(backbone: str, project: Path) -> None:
    found = groups(load(project, 'linear', backbone.format('b')))
    assert {n.split('.')[0] for n in found} == {'decode_head'}
    assert len(found) == 4
    assert found['decode_head.conv_seg.weight'] == (1e-3, 1e-4)
