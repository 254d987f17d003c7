"""SeMask's layouts; the names are written here anew, in the other direction."""

import re

import pytest
import torch

from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.fit import fit
from mmseg_trash.convert.swin import unfolded
from mmseg_trash.errors import CheckpointError
from mmseg_trash.models import PixelFANDecoder, SeMaskSwinTransformer

CONVERT = CONVERTERS['semask']
SWIN = dict(embed_dims=8, depths=(1, 1), num_heads=(1, 2), strides=(4, 2))
SWIN |= dict(out_indices=(0, 1), window_size=3)
NAMES = (
    (r'semantic_layers\.(\d)\.norm\.', r'layers.\1.semantic_layer.norm1.'),
    (
        r'semantic_layers\.(\d)\.attention\.',
        r'layers.\1.semantic_layer.class_injection.0.',
    ),
    (r'stages\.', 'layers.'),
    (r'attn\.w_msa\.', 'attn.'),
    (r'ffn\.layers\.0\.0\.', 'mlp.fc1.'),
    (r'ffn\.layers\.1\.', 'mlp.fc2.'),
    (r'patch_embed\.projection', 'patch_embed.proj'),
)


def backbone(classes: int = 4) -> SeMaskSwinTransformer:
    torch.manual_seed(0)
    return SeMaskSwinTransformer(num_classes=classes, **SWIN)


def theirs(own: State, prefix: str = '') -> State:
    """Return random tensors under the authors' names of a backbone's tensors."""
    result = {}
    for key, value in own.items():
        for pattern, new in NAMES:
            key = re.sub(pattern, new, key)
        if 'relative_position_index' not in key:
            value = torch.randn(value.shape)
        result[prefix + key] = value
    return result


def test_backbone_loads_whole() -> None:
    own = backbone().state_dict()
    official = theirs(own)
    assert 'layers.1.semantic_layer.class_injection.0.mlp_cls_q.weight' in official
    assert 'layers.0.semantic_layer.class_injection.0.gamma' in official
    assert 'layers.0.semantic_layer.norm1.bias' in official
    found = fit(CONVERT(official), own, backbone='')
    assert found.new == found.resized == []
    assert set(found.state) == set(own)
    for kind in ('mlp_cls_q', 'mlp_cls_k', 'mlp_v', 'mlp_res'):
        value = official[f'layers.1.semantic_layer.class_injection.0.{kind}.weight']
        new = found.state[f'semantic_layers.1.attention.{kind}.weight']
        assert torch.equal(new, value)
    merging = official['layers.0.downsample.reduction.weight']
    assert torch.equal(
        found.state['stages.0.downsample.reduction.weight'], unfolded(merging)
    )


def test_other_classes_start_anew() -> None:
    own = backbone(3).state_dict()
    found = fit(CONVERT(theirs(backbone(7).state_dict())), own, backbone='')
    expected = [k for k in own if 'mlp_cls_' in k]
    assert len(expected) == 8
    assert sorted(found.new) == sorted(expected)


def test_semask_fpn() -> None:
    head = {
        'decode_head.scale_heads.0.0.conv.weight': torch.randn(4, 8, 3, 3),
        'decode_head.scale_heads.1.0.bn.num_batches_tracked': torch.tensor(3),
        'decode_head.conv_seg.bias': torch.randn(4),
    }
    official = theirs(backbone().state_dict(), 'backbone.')
    state = CONVERT({**official, **head})
    assert all(torch.equal(state[key], head[key]) for key in head)
    assert 'backbone.semantic_layers.0.attention.gamma' in state
    assert sum(k.startswith('backbone.') for k in state) == len(
        [k for k in official if 'position_index' not in k]
    )
    with pytest.raises(CheckpointError, match=r'decode_head\.fuse\.weight'):
        CONVERT({**official, 'decode_head.fuse.weight': torch.zeros(1)})


def mask2former(pixel: State) -> State:
    own = theirs(backbone().state_dict(), 'backbone.')
    own['sem_seg_head.predictor.class_embed.weight'] = torch.randn(5, 6)
    own['criterion.empty_weight'] = torch.ones(5)
    return own | {f'sem_seg_head.pixel_decoder.{k}': v for k, v in pixel.items()}


def test_semask_mask2former() -> None:
    adapter = torch.randn(4, 8, 1, 1)
    state = CONVERT(mask2former({'adapter_1.weight': adapter}))
    assert torch.equal(state['decode_head.pixel_decoder.adapter_1.0.weight'], adapter)
    assert 'decode_head.class_predictor.weight' in state
    assert not any('criterion' in key for key in state)
    assert len([k for k in state if k.startswith('decode_head.')]) == 2


def test_semask_fapn_has_shared_norms() -> None:
    own = PixelFANDecoder([8, 16, 24, 32], channels=32, mask_channels=8).state_dict()
    pixel = {key: torch.randn(value.shape) for key, value in own.items()}
    copies = {
        f'align_{k}.offset.norm.{kind}': pixel[f'layer_{k}.norm.{kind}'].clone()
        for k in (1, 2, 3)
        for kind in ('weight', 'bias')
    }
    state = CONVERT(mask2former(pixel | copies))
    prefix = 'decode_head.pixel_decoder.'
    assert {k for k in state if k.startswith(prefix)} == {prefix + k for k in own}
    assert all(torch.equal(state[prefix + key], pixel[key]) for key in own)
    copies['align_2.offset.norm.bias'] += 1
    with pytest.raises(CheckpointError, match=r'align_2\.offset\.norm\.bias: is no co'):
        CONVERT(mask2former(pixel | copies))


def test_refuses_other_models() -> None:
    state = theirs(backbone().state_dict())
    plain = {k: v for k, v in state.items() if 'semantic' not in k}
    with pytest.raises(CheckpointError, match='no semantic layer among'):
        CONVERT(plain)
    wrong = 'layers.0.semantic_layer.class_injection.0.mlp_cls_x.weight'
    with pytest.raises(CheckpointError, match=r'mlp_cls_x\.weight'):
        CONVERT({**state, wrong: torch.ones(1)})
    with pytest.raises(CheckpointError, match=r'unknown: other\.weight'):
        CONVERT({**mask2former({}), 'other.weight': torch.ones(1)})
