"""Learning rates by depth, for every backbone of the zoo."""

from typing import Any

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

import mmseg_trash.models
import mmseg_trash.optim_wrappers  # noqa: F401
from mmseg_trash.optim_wrappers import layer_depths


def build(**cfg: Any) -> nn.Module:
    init_default_scope('mmseg')
    model: nn.Module = MODELS.build(cfg)
    return model


SMALL = dict(embed_dims=12, depths=[1, 2, 3, 1], num_heads=[1, 1, 2, 2])
# A backbone, its number of blocks, and the depths of some of its parameters.
CASES: list[tuple[dict[str, Any], int, dict[str, int]]] = [
    (
        dict(type='SDPAVisionTransformer', img_size=(32, 32), patch_size=16)
        | dict(embed_dims=12, num_layers=3, num_heads=2, final_norm=True),
        3,
        {
            'pos_embed': 0,
            'cls_token': 0,
            'patch_embed.projection.weight': 0,
            'layers.0.attn.attn.in_proj_weight': 1,
            'layers.2.ffn.layers.1.bias': 3,
            'ln1.weight': 3,
        },
    ),
    (
        dict(type='SDPASwinTransformer', window_size=4, **SMALL),
        7,
        {
            'patch_embed.norm.weight': 0,
            'stages.0.blocks.0.norm1.weight': 1,
            'stages.0.downsample.reduction.weight': 1,
            'stages.1.blocks.0.attn.w_msa.relative_position_bias_table': 2,
            'norm1.weight': 3,
            'stages.2.blocks.2.ffn.layers.1.weight': 6,
            'norm3.bias': 7,
        },
    ),
    (
        dict(type='DiNAT', kernel_size=3, **SMALL),
        7,
        {
            'patch_embed.proj.0.weight': 0,
            'levels.0.blocks.0.norm1.weight': 1,
            'levels.0.downsample.reduction.weight': 1,
            'norm0.weight': 1,
            'levels.2.blocks.1.attn.rpb': 5,
            'norm3.weight': 7,
        },
    ),
    (
        dict(type='SDPAMixVisionTransformer', embed_dims=8, num_layers=[1, 2, 1, 1])
        | dict(num_heads=[1, 1, 1, 1], sr_ratios=[8, 4, 2, 1]),
        5,
        {
            'layers.0.0.projection.weight': 0,
            'layers.0.1.0.norm1.weight': 1,
            'layers.0.2.weight': 1,
            'layers.1.0.projection.weight': 2,
            'layers.1.1.1.ffn.layers.0.weight': 3,
            'layers.1.2.bias': 3,
            'layers.3.1.0.attn.attn.in_proj_weight': 5,
            'layers.3.2.weight': 5,
        },
    ),
    (
        dict(
            type='mmpretrain.ConvNeXt',
            arch=dict(depths=[1, 2, 3, 1], channels=[8, 12, 16, 20]),
            out_indices=[0, 1, 2, 3],
            gap_before_final_norm=False,
        ),
        7,
        {
            'downsample_layers.0.0.weight': 0,
            'stages.0.0.depthwise_conv.weight': 1,
            'downsample_layers.1.0.weight': 2,
            'stages.1.1.gamma': 3,
            'norm1.weight': 3,
            'downsample_layers.3.1.weight': 7,
            'norm3.weight': 7,
        },
    ),
    (
        dict(type='DINOv2', embed_dims=12, num_layers=3, num_heads=2, img_size=28),
        3,
        {
            'embeddings.cls_token': 0,
            'embeddings.position_embeddings': 0,
            'embeddings.patch_embeddings.projection.weight': 0,
            'layers.0.layer_scale1.lambda1': 1,
            'layers.2.mlp.fc2.weight': 3,
            'norm.weight': 3,
        },
    ),
]


@pytest.mark.parametrize('cfg, blocks, expected', CASES, ids=lambda c: str(c)[:40])
def test_depths(cfg: dict[str, Any], blocks: int, expected: dict[str, int]) -> None:
    if cfg['type'].startswith('DINO'):
        pytest.importorskip('transformers')
    names = [name for name, _ in build(**cfg).named_parameters()]
    found = layer_depths(names)
    assert list(found) == names
    assert set(found.values()) == set(range(blocks + 1))
    for name, depth in expected.items():
        if name == 'ln1.weight':  # mmseg calls the last norm ln1 or norm1
            name = name if name in found else 'norm1.weight'
        assert found[name] == depth, name


def test_unknown_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no blocks are known among \['conv1"):
        layer_depths(['conv1.weight', 'layer1.0.conv1.weight'])


class Net(nn.Module):
    """A backbone of two blocks, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.cls_token = nn.Parameter(torch.zeros(3))
        self.backbone.layers = nn.ModuleList([nn.Linear(2, 2), nn.LayerNorm(2)])
        self.backbone.ln1 = nn.LayerNorm(2)
        self.backbone.frozen = nn.Parameter(torch.zeros(3), requires_grad=False)
        self.decode_head = nn.Linear(2, 2)


@pytest.mark.parametrize('full, top', [(False, 3), (True, 2)])
def test_rates_and_other_rules(full: bool, top: int) -> None:
    net = Net()
    cfg = dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
        constructor='mmseg.LayerDecayConstructor',
        paramwise_cfg=dict(
            layer_decay_rate=0.5,
            last_block_full=full,
            norm_decay_mult=0.0,
            custom_keys={'decode_head': dict(lr_mult=10.0)},
        ),
    )
    groups = build_optim_wrapper(net, cfg).optimizer.param_groups
    found = {
        name: (group['lr'], group['weight_decay'])
        for name, parameter in net.named_parameters()
        for group in groups
        if group['params'][0] is parameter
    }

    def rate(depth: int) -> Any:
        return pytest.approx(1e-4 * 0.5 ** (top - depth))

    assert found == {
        'backbone.cls_token': (rate(0), 0.05),
        'backbone.layers.0.weight': (rate(1), 0.05),
        'backbone.layers.0.bias': (rate(1), 0.05),
        'backbone.layers.1.weight': (rate(2), 0.0),
        'backbone.layers.1.bias': (rate(2), 0.0),
        'backbone.ln1.weight': (rate(2), 0.0),
        'backbone.ln1.bias': (rate(2), 0.0),
        'decode_head.weight': (pytest.approx(1e-3), 0.05),
        'decode_head.bias': (pytest.approx(1e-3), 0.05),
    }


@pytest.mark.parametrize('paramwise', [None, dict(layer_decay_rate=1.2)])
def test_the_rate_is_checked(paramwise: dict[str, float] | None) -> None:
    cfg = dict(
        optimizer=dict(type='SGD', lr=1.0),
        constructor='mmseg.LayerDecayConstructor',
        paramwise_cfg=paramwise,
    )
    with pytest.raises(ValueError, match='layer_decay_rate'):
        build_optim_wrapper(Net(), cfg)


def test_beit_has_the_rates_of_mmsegs_constructor() -> None:
    beit = dict(type='BEiT', img_size=(32, 32), patch_size=16, embed_dims=12)
    beit |= dict(num_layers=3, num_heads=2, out_indices=[2], final_norm=False)
    net = nn.Module()
    net.backbone = build(**beit)
    net.decode_head = nn.Linear(2, 2)
    rates = []
    for name, paramwise in (
        ('LayerDecayConstructor', dict(layer_decay_rate=0.9)),
        (
            'LearningRateDecayOptimizerConstructor',
            dict(decay_rate=0.9, decay_type='layer_wise', num_layers=3),
        ),
    ):
        cfg = dict(
            type='OptimWrapper',
            optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
            constructor=f'mmseg.{name}',
            paramwise_cfg=paramwise,
        )
        groups = build_optim_wrapper(net, cfg).optimizer.param_groups
        names = {id(p): n for n, p in net.named_parameters()}
        rates.append(
            {names[id(p)]: round(g['lr'], 12) for g in groups for p in g['params']}
        )
    assert rates[0] == rates[1]
