"""Weights of DiNAT in its authors' layout load, whole segmentors too."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.dinat import with_kernel_size
from mmseg_trash.errors import CheckpointError

TINY = dict(type='DiNAT', embed_dims=8, depths=[1, 2], num_heads=[1, 2])
TINY |= dict(kernel_size=5, mlp_ratio=2.0, layer_scale=0.1, out_indices=(0, 1))


def official(norms: bool) -> dict[str, Tensor]:
    """Return random tensors under the keys of the authors' files."""
    shapes: dict[str, tuple[int, ...]] = {
        'patch_embed.proj.0.weight': (4, 3, 3, 3),
        'patch_embed.proj.0.bias': (4,),
        'patch_embed.proj.1.weight': (8, 4, 3, 3),
        'patch_embed.proj.1.bias': (8,),
        'patch_embed.norm.weight': (8,),
        'patch_embed.norm.bias': (8,),
        'levels.0.downsample.reduction.weight': (16, 8, 3, 3),
        'levels.0.downsample.norm.weight': (16,),
        'levels.0.downsample.norm.bias': (16,),
    }
    for stage, block in ((0, 0), (1, 0), (1, 1)):
        at, dim = f'levels.{stage}.blocks.{block}', 8 * 2**stage
        shapes |= {f'{at}.gamma{n}': (dim,) for n in (1, 2)}
        shapes[f'{at}.attn.rpb'] = (stage + 1, 9, 9)
        layers = dict(norm1=(dim,), norm2=(dim,))
        layers |= {'attn.qkv': (3 * dim, dim), 'attn.proj': (dim, dim)}
        layers |= {'mlp.fc1': (2 * dim, dim), 'mlp.fc2': (dim, 2 * dim)}
        for name, shape in layers.items():
            shapes |= {f'{at}.{name}.weight': shape, f'{at}.{name}.bias': shape[:1]}
    if norms:
        for kind in ('weight', 'bias'):
            shapes |= {f'norm{n}.{kind}': (8 * 2**n,) for n in (0, 1)}
    else:
        shapes |= {'norm.weight': (16,), 'norm.bias': (16,)}
        shapes |= {'head.weight': (1000, 16), 'head.bias': (1000,)}
    return {key: torch.randn(shape) for key, shape in shapes.items()}


def test_a_classifier_becomes_a_backbone() -> None:
    state = official(norms=False)
    converted = CONVERTERS['dinat'](state)
    assert set(state) - set(converted) == {
        'norm.weight', 'norm.bias', 'head.weight', 'head.bias',
    }  # fmt: skip
    found = MODELS.build(TINY).load_state_dict(converted, strict=False)
    assert not found.unexpected_keys
    assert set(found.missing_keys) == {
        'norm0.weight', 'norm0.bias', 'norm1.weight', 'norm1.bias',
    }  # fmt: skip


def test_a_whole_segmentor_keeps_its_heads() -> None:
    heads = dict(type='FCNHead', in_channels=16, in_index=1, channels=4, num_classes=3)
    cfg = dict(type='EncoderDecoder', backbone=TINY, decode_head=heads)
    model = MODELS.build(cfg | dict(auxiliary_head=heads))
    state = {f'backbone.{k}': v for k, v in official(norms=True).items()}
    state |= {
        k: torch.randn(v.shape) if v.is_floating_point() else v
        for k, v in model.state_dict().items()
        if not k.startswith('backbone.')
    }
    converted = CONVERTERS['upernet-dinat'](state)
    model.load_state_dict(converted)
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_another_kernel_size_interpolates_the_biases() -> None:
    state = CONVERTERS['dinat'](official(norms=True))
    wide = with_kernel_size(state, 11)
    MODELS.build(TINY | dict(kernel_size=11)).load_state_dict(wide)
    key = 'levels.1.blocks.1.attn.rpb'
    for head in range(2):
        grid = state[key][head][None, None]
        expected = F.interpolate(grid, (21, 21), mode='bicubic', align_corners=False)
        torch.testing.assert_close(wide[key][head], expected[0, 0])
    same = with_kernel_size(state, 5)
    assert all(same[k] is v for k, v in state.items())


@pytest.mark.parametrize('name', ['dinat', 'upernet-dinat'])
def test_other_tensors_are_refused(name: str) -> None:
    state = {'layers.0.blocks.0.attn.relative_position_bias_table': torch.zeros(169, 3)}
    with pytest.raises(CheckpointError, match='relative_position_bias_table'):
        CONVERTERS[name](state)
