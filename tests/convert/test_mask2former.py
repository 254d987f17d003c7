"""Mask2Former's layouts; the names are written here anew, in the other direction."""

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.swin import unfolded
from mmseg_trash.errors import CheckpointError

pytest.importorskip('transformers')

LAYERS = 3
ENCODER = 'pixel_decoder.encoder.layers.0'
DECODER = 'transformer_module.decoder'
# (ours, detectron2's, mmdet's) for every module of the head
HEAD: list[tuple[str, str, str]] = [
    ('pixel_decoder.level_embed', 'pixel_decoder.transformer.level_embed',
     'pixel_decoder.level_encoding.weight'),
    ('pixel_decoder.adapter_1.0', 'pixel_decoder.adapter_1',
     'pixel_decoder.lateral_convs.0.conv'),
    ('pixel_decoder.adapter_1.1', 'pixel_decoder.adapter_1.norm',
     'pixel_decoder.lateral_convs.0.gn'),
    ('pixel_decoder.layer_1.0', 'pixel_decoder.layer_1',
     'pixel_decoder.output_convs.0.conv'),
    ('pixel_decoder.layer_1.1', 'pixel_decoder.layer_1.norm',
     'pixel_decoder.output_convs.0.gn'),
    ('pixel_decoder.mask_projection', 'pixel_decoder.mask_features',
     'pixel_decoder.mask_feature'),
    (f'{DECODER}.layernorm', 'predictor.decoder_norm', 'transformer_decoder.post_norm'),
    ('transformer_module.queries_features', 'predictor.query_feat', 'query_feat'),
    ('transformer_module.queries_embedder', 'predictor.query_embed', 'query_embed'),
    ('transformer_module.level_embed', 'predictor.level_embed', 'level_embed'),
    ('class_predictor', 'predictor.class_embed', 'cls_embed'),
]  # fmt: skip
for i in range(3):
    HEAD += [
        (f'pixel_decoder.input_projections.{i}.0', f'pixel_decoder.input_proj.{i}.0',
         f'pixel_decoder.input_convs.{i}.conv'),
        (f'pixel_decoder.input_projections.{i}.1', f'pixel_decoder.input_proj.{i}.1',
         f'pixel_decoder.input_convs.{i}.gn'),
        (f'{DECODER}.mask_predictor.mask_embedder.{i}.0',
         f'predictor.mask_embed.layers.{i}', f'mask_embed.{2 * i}'),
    ]  # fmt: skip
for ours, d2, mmdet in [
    *((f'self_attn.{p}',) * 3 for p in (
        'sampling_offsets', 'attention_weights', 'value_proj', 'output_proj')),
    ('self_attn_layer_norm', 'norm1', 'norms.0'),
    ('fc1', 'linear1', 'ffn.layers.0.0'),
    ('fc2', 'linear2', 'ffn.layers.1'),
    ('final_layer_norm', 'norm2', 'norms.1'),
]:  # fmt: skip
    d2 = f'pixel_decoder.transformer.encoder.layers.0.{d2}'
    HEAD.append((f'{ENCODER}.{ours}', d2, f'pixel_decoder.encoder.layers.0.{mmdet}'))
for i in range(LAYERS):
    cross = f'predictor.transformer_cross_attention_layers.{i}'
    own = f'predictor.transformer_self_attention_layers.{i}'
    ffn = f'predictor.transformer_ffn_layers.{i}'
    HEAD += [
        (f'{DECODER}.layers.{i}.{a}', b, f'transformer_decoder.layers.{i}.{c}')
        for a, b, c in [
            ('cross_attn.in_proj', f'{cross}.multihead_attn.in_proj',
             'cross_attn.attn.in_proj'),
            ('cross_attn.out_proj', f'{cross}.multihead_attn.out_proj',
             'cross_attn.attn.out_proj'),
            ('cross_attn_layer_norm', f'{cross}.norm', 'norms.0'),
            ('self_attn.in_proj', f'{own}.self_attn.in_proj', 'self_attn.attn.in_proj'),
            ('self_attn.out_proj', f'{own}.self_attn.out_proj',
             'self_attn.attn.out_proj'),
            ('self_attn_layer_norm', f'{own}.norm', 'norms.1'),
            ('fc1', f'{ffn}.linear1', 'ffn.layers.0.0'),
            ('fc2', f'{ffn}.linear2', 'ffn.layers.1'),
            ('final_layer_norm', f'{ffn}.norm', 'norms.2'),
        ]
    ]  # fmt: skip


@pytest.fixture(scope='module')
def state() -> State:
    """Return random tensors under our names, with a small Swin."""
    from mmseg_trash.models import HFMask2FormerHead, SDPASwinTransformer

    torch.manual_seed(0)
    head = HFMask2FormerHead(
        in_channels=[12, 24, 36, 48],
        num_classes=4,
        channels=64,
        num_queries=6,
        encoder_layers=1,
        decoder_layers=LAYERS,
    )
    swin = SDPASwinTransformer(embed_dims=12, depths=(1,) * 4, num_heads=(1, 2, 3, 4))
    named = {f'backbone.{k}': v for k, v in swin.state_dict().items()}
    named |= {f'decode_head.{k}': v for k, v in head.state_dict().items()}
    return {
        k: torch.randn(v.shape)
        for k, v in named.items()
        if not k.endswith('relative_position_index')
    }


def whole_projections(head: State) -> State:
    """Put queries, keys and values of self-attention into one matrix."""
    result: State = {}
    for key, value in head.items():
        match = re.fullmatch(r'(.*self_attn\.)([qkv])_proj\.(\w+)', key)
        if match is None:
            result[key] = value
        elif match[2] == 'q':
            parts = [head[f'{match[1]}{n}_proj.{match[3]}'] for n in 'qkv']
            result[f'{match[1]}in_proj_{match[3]}'] = torch.cat(parts)
    return result


def other_layout(state: State, column: int) -> State:
    """Write the head's tensors under the names of a column of ``HEAD``."""
    head = {k[12:]: v for k, v in state.items() if k.startswith('decode_head.')}
    names = {row[0]: row[column] for row in HEAD}
    result: State = {}
    for key, value in whole_projections(head).items():
        if key in names:
            result[names[key]] = value
        else:
            match = re.fullmatch(r'(.*?)([._](?:weight|bias))', key)
            assert match is not None and match[1] in names, key
            result[names[match[1]] + match[2]] = value
    assert len(result) == len(whole_projections(head))
    return result


def same(found: State, state: State) -> None:
    assert set(found) == set(state)
    assert all(torch.equal(found[key], state[key]) for key in state)


def test_mmdet(state: State) -> None:
    original = {f'decode_head.{k}': v for k, v in other_layout(state, 2).items()}
    original |= {k: v for k, v in state.items() if k.startswith('backbone.')}
    same(CONVERTERS['mask2former-mmdet'](original), state)


def folded(value: Tensor) -> Tensor:
    """Return what ``unfolded`` turns into ``value``."""
    places = unfolded(torch.arange(value.shape[-1]))
    result = torch.empty_like(value)
    result[..., places] = value
    return result


def d2(state: State) -> dict[str, Any]:
    """Write the tensors in the layout of the authors' code."""
    result = {f'sem_seg_head.{k}': v for k, v in other_layout(state, 1).items()}
    result['criterion.empty_weight'] = torch.ones(5)
    names = [
        ('stages.', 'layers.'), ('.attn.w_msa.', '.attn.'), ('.projection.', '.proj.'),
        ('.ffn.layers.0.0.', '.mlp.fc1.'), ('.ffn.layers.1.', '.mlp.fc2.'),
    ]  # fmt: skip
    for key, value in state.items():
        if key.startswith('backbone.'):
            if '.downsample.' in key:
                value = folded(value)
            for ours, theirs in names:
                key = key.replace(ours, theirs)
            result[key] = value
    result['backbone.layers.0.blocks.0.attn.relative_position_index'] = torch.ones(2)
    return result


def test_detectron2(state: State, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('INFO')
    same(CONVERTERS['mask2former-d2'](d2(state)), state)
    assert 'left out 1 tensors: criterion.empty_weight' in caplog.text
    assert 'blocks.0.attn.relative_position_index' in caplog.text


def test_unknown_tensors_are_shown(state: State) -> None:
    original = d2(state)
    original['sem_seg_head.predictor.bbox_embed.weight'] = torch.ones(1)
    with pytest.raises(
        CheckpointError, match=r'unknown: predictor\.bbox_embed\.weight'
    ):
        CONVERTERS['mask2former-d2'](original)
