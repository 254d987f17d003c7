"""Converted backbones compute what their originals compute."""

import re
from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.errors import CheckpointError

timm = pytest.importorskip('timm')
transformers = pytest.importorskip('transformers')

IMAGE = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def randomised(model: nn.Module) -> nn.Module:
    """Give every parameter other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.eval()


def build(**cfg: Any) -> nn.Module:
    """Build a backbone of the registry."""
    init_default_scope('mmseg')
    model: nn.Module = MODELS.build(cfg)
    model.eval()  # not every backbone returns itself
    return model


def load(model: nn.Module, state: State) -> list[str]:
    """Load every tensor of a state dict; return what the model has besides."""
    found = model.load_state_dict(state, strict=False)
    assert found.unexpected_keys == []
    return [k for k in found.missing_keys if not k.endswith('relative_position_index')]


def close(ours: tuple[Tensor, ...], theirs: list[Tensor]) -> None:
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert (a - b).abs().max() <= 1e-4 * max(1.0, b.abs().max().item())


SWIN = dict(
    type='SDPASwinTransformer',
    embed_dims=12,
    depths=(2, 2, 2, 1),
    num_heads=(1, 2, 3, 4),
    window_size=7,
)


def test_swin_of_hugging_face() -> None:
    config = transformers.SwinConfig(
        embed_dim=12,
        depths=[2, 2, 2, 1],
        num_heads=[1, 2, 3, 4],
        window_size=7,
        out_features=['stage1', 'stage2', 'stage3', 'stage4'],
    )
    theirs = randomised(transformers.SwinBackbone(config))
    ours = build(**SWIN)
    assert load(ours, CONVERTERS['swin'](theirs.state_dict())) == []
    with torch.no_grad():
        close(ours(IMAGE), list(theirs(IMAGE).feature_maps))


@pytest.mark.parametrize('layout', ['timm', 'official'])
def test_swin_of_its_authors_and_timm(layout: str) -> None:
    theirs = randomised(
        timm.models.swin_transformer.SwinTransformer(
            embed_dim=12,
            depths=(2, 2, 2, 1),
            num_heads=(1, 2, 3, 4),
            window_size=7,
        )
    )
    state = theirs.state_dict()
    if layout == 'official':
        # timm lets a downsampling open the next stage; the authors close the last one
        state = {
            re.sub(
                r'layers\.(\d)\.down', lambda m: f'layers.{int(m[1]) - 1}.down', k
            ): v
            for k, v in state.items()
        }
        state['layers.0.blocks.1.attn_mask'] = torch.zeros(4, 49, 49)
        state['layers.0.blocks.0.attn.relative_position_index'] = torch.zeros(49, 49)
    ours = build(**SWIN)
    # the classifier's norm is no output norm
    assert load(ours, CONVERTERS['swin'](state)) == [
        f'norm{i}.{kind}' for i in range(4) for kind in ('weight', 'bias')
    ]
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        last = theirs.norm(theirs.layers(theirs.patch_embed(image)))
        ours.norm3.load_state_dict(theirs.norm.state_dict())
        close(ours(image)[3:], [last.permute(0, 3, 1, 2)])


MIT = dict(
    type='SDPAMixVisionTransformer',
    embed_dims=8,
    num_layers=[1, 2, 1, 1],
    num_heads=[1, 2, 3, 4],
    sr_ratios=[8, 4, 2, 1],
)
# Hugging Face's name of each part of a block, and the authors'
MIT_PARTS = {
    'layer_norm_1': 'norm1',
    'layer_norm_2': 'norm2',
    'attention.self.query': 'attn.q',
    'attention.self.sr': 'attn.sr',
    'attention.self.layer_norm': 'attn.norm',
    'attention.output.dense': 'attn.proj',
    'mlp.dense1': 'mlp.fc1',
    'mlp.dwconv.dwconv': 'mlp.dwconv.dwconv',
    'mlp.dense2': 'mlp.fc2',
}


def mit_of_the_authors(state: State) -> State:
    """Write Hugging Face's MiT in the authors' layout."""
    result: State = {'head.weight': torch.zeros(3, 32), 'head.bias': torch.zeros(3)}
    for key, value in state.items():
        part = key.split('.')
        stage, kind = part[2], part[-1]
        number = int(stage) + 1
        if part[1] == 'patch_embeddings':
            name = 'proj' if part[3] == 'proj' else 'norm'
            result[f'patch_embed{number}.{name}.{kind}'] = value
        elif part[1] == 'layer_norm':
            result[f'norm{number}.{kind}'] = value
        else:
            block, middle = part[3], '.'.join(part[4:-1])
            stem = f'block{number}.{block}.'
            if middle == 'attention.self.key':
                other = state[key.replace('key', 'value')]
                result[f'{stem}attn.kv.{kind}'] = torch.cat([value, other])
            elif middle != 'attention.self.value':
                result[f'{stem}{MIT_PARTS[middle]}.{kind}'] = value
    return result


@pytest.mark.parametrize('layout', ['hugging face', 'official'])
def test_mit(layout: str) -> None:
    config = transformers.SegformerConfig(
        hidden_sizes=[8, 16, 24, 32],
        num_attention_heads=[1, 2, 3, 4],
        depths=[1, 2, 1, 1],
    )
    theirs = randomised(transformers.SegformerModel(config))
    for module in theirs.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6  # the authors'; transformers leaves PyTorch's
    state = theirs.state_dict()
    ours = build(**MIT)
    assert (
        load(
            ours,
            CONVERTERS['mit'](
                state if layout != 'official' else mit_of_the_authors(state)
            ),
        )
        == []
    )
    with torch.no_grad():
        out = theirs(IMAGE, output_hidden_states=True).hidden_states
        close(ours(IMAGE), list(out))


@pytest.mark.parametrize('layout', ['timm', 'official'])
def test_convnext(layout: str) -> None:
    theirs = randomised(timm.models.ConvNeXt(depths=(1, 2, 1, 1), dims=(8, 12, 16, 20)))
    state = theirs.state_dict()
    if layout == 'official':
        state = {
            re.sub(r'^stages\.(\d)\.downsample', r'downsample_layers.\1', k): v
            for k, v in state.items()
        }
        names = {'stem': 'downsample_layers.0', 'blocks.': '', 'conv_dw': 'dwconv'}
        names |= {'mlp.fc': 'pwconv', 'head.norm': 'norm', 'head.fc': 'head'}
        for old, new in names.items():
            state = {k.replace(old, new): v for k, v in state.items()}
    ours = build(
        type='mmpretrain.ConvNeXt',
        arch=dict(depths=[1, 2, 1, 1], channels=[8, 12, 16, 20]),
        out_indices=[0, 1, 2, 3],
        gap_before_final_norm=False,
    )
    assert load(ours, CONVERTERS['convnext'](state)) == [
        f'norm{i}.{kind}' for i in range(4) for kind in ('weight', 'bias')
    ]
    for i in range(4):
        setattr(ours, f'norm{i}', nn.Identity())
    with torch.no_grad():
        maps = theirs.forward_intermediates(IMAGE, intermediates_only=True)
        close(ours(IMAGE), maps)


def test_beit() -> None:
    theirs = randomised(
        timm.models.beit.Beit(
            img_size=64,
            embed_dim=16,
            depth=2,
            num_heads=2,
            init_values=0.1,
            use_abs_pos_emb=False,
            use_rel_pos_bias=True,
        )
    )
    ours = build(
        type='BEiT',
        img_size=(64, 64),
        embed_dims=16,
        num_layers=2,
        num_heads=2,
        out_indices=[1],
        init_values=0.1,
    )
    for module in ours.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6  # the authors'
    assert load(ours, CONVERTERS['beit'](theirs.state_dict())) == []
    image = IMAGE[..., :64]
    with torch.no_grad():
        maps = theirs.forward_intermediates(image, intermediates_only=True)
        close(ours(image), maps[1:])


@pytest.mark.parametrize('family', sorted(CONVERTERS))
def test_other_weights_are_refused(family: str) -> None:
    state = {'trunk.0.weight': torch.zeros(1), 'trunk.0.x': torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r'trunk\.0\.weight, trunk\.0\.x'):
        CONVERTERS[family](state)
