"""DINOv2 and DINOv3 converted from every published layout compute the same."""

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
from mmseg_trash.convert.fit import fit
from mmseg_trash.convert.vit import fitted, resize_patches, resize_positions
from mmseg_trash.errors import CheckpointError

timm = pytest.importorskip('timm')
transformers = pytest.importorskip('transformers')

SMALL = dict(embed_dims=24, num_layers=3, num_heads=2, out_indices=(0, 2))
HF = dict(hidden_size=24, num_hidden_layers=3, num_attention_heads=2)
TIMM = dict(embed_dim=24, depth=3, num_heads=2)


def randomised(model: nn.Module) -> nn.Module:
    """Give every parameter other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.eval()


def build(**cfg: Any) -> nn.Module:
    init_default_scope('mmseg')
    model: nn.Module = MODELS.build({**SMALL, **cfg})
    return model.eval()


def image(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


def maps(hidden: Tensor, norm: nn.Module, prefix: int, size: tuple) -> Tensor:
    """Return tokens as a map."""
    patches = norm(hidden)[:, prefix:].transpose(1, 2)
    return patches.reshape(*patches.shape[:2], *size)


@pytest.mark.parametrize('registers', [0, 4])
@pytest.mark.parametrize('height, width', [(70, 70), (56, 112)])
def test_dinov2_of_hugging_face(registers: int, height: int, width: int) -> None:
    kwargs = dict(**HF, image_size=70, patch_size=14, out_indices=[1, 3])
    if registers:
        config = transformers.Dinov2WithRegistersConfig(
            **kwargs, num_register_tokens=registers
        )
    else:
        config = transformers.Dinov2Config(**kwargs)
    theirs = randomised(transformers.AutoBackbone.from_config(config))
    ours = build(type='DINOv2', img_size=70, num_registers=registers)
    ours.load_state_dict(CONVERTERS['dinov2'](theirs.state_dict()))
    x = image(height, width)
    with torch.no_grad():
        expected = theirs(x).feature_maps
        found = ours(x)
    assert [tuple(m.shape) for m in found] == [(2, 24, height // 14, width // 14)] * 2
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def dinov2_of_the_authors(state: State) -> State:
    """Write timm's DINOv2 as the authors write it; chunked blocks in one of them."""
    state = {re.sub(r'^blocks\.', 'blocks.0.', k): v for k, v in state.items()}
    state['mask_token'] = torch.randn(1, 24)
    if 'reg_token' in state:
        state['register_tokens'] = state.pop('reg_token')
        position, table = torch.randn(1, 1, 24), state['pos_embed']
        state['pos_embed'] = torch.cat([position, table], 1)
        state['cls_token'] = state['cls_token'] - position
    return state


@pytest.mark.parametrize('layout', ['timm', 'official'])
@pytest.mark.parametrize('registers', [0, 4])
def test_dinov2_of_timm(registers: int, layout: str) -> None:
    theirs = randomised(
        timm.create_model(
            f'vit_small_patch14_{"reg4_" if registers else ""}dinov2',
            img_size=70,
            **TIMM,
        )
    )
    state = theirs.state_dict()
    if layout == 'official':
        state = dinov2_of_the_authors(state)
    ours = build(type='DINOv2', img_size=70, num_registers=registers)
    ours.load_state_dict(CONVERTERS['dinov2'](state))
    with torch.no_grad():
        expected = theirs.forward_intermediates(
            image(70, 70), indices=[0, 2], norm=True, intermediates_only=True
        )
        found = ours(image(70, 70))
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('height, width', [(64, 64), (48, 96)])
def test_dinov3_of_hugging_face(height: int, width: int) -> None:
    config = transformers.DINOv3ViTConfig(
        **HF, intermediate_size=96, num_register_tokens=4
    )
    theirs = randomised(transformers.DINOv3ViTModel(config))
    ours = build(type='DINOv3')
    ours.load_state_dict(CONVERTERS['dinov3'](theirs.state_dict()))
    x, size = image(height, width), (height // 16, width // 16)
    with torch.no_grad():
        out = theirs(x, output_hidden_states=True)
        found = ours(x)
    last = maps(out.last_hidden_state, nn.Identity(), 5, size)
    torch.testing.assert_close(found[1], last, atol=1e-5, rtol=1e-5)
    first = maps(out.hidden_states[1], theirs.norm, 5, size)
    torch.testing.assert_close(found[0], first, atol=1e-5, rtol=1e-5)


def dinov3_of_the_authors(state: State) -> State:
    """Write timm's DINOv3 as the authors write it."""
    result: State = {'mask_token': torch.randn(1, 24)}
    result['rope_embed.periods'] = torch.randn(3)
    for key, value in state.items():
        key = key.replace('reg_token', 'storage_tokens')
        key = re.sub(r'gamma_([12])$', r'ls\1.gamma', key)
        if key.endswith('q_bias'):
            other = state[key.replace('q_bias', 'v_bias')]
            whole = torch.cat([value, torch.randn(24), other])
            key, value = key.replace('q_bias', 'qkv.bias'), whole
            result[key + '_mask'] = torch.zeros(72)
        if not key.endswith('v_bias'):
            result[key] = value
    return result


@pytest.mark.parametrize('layout', ['timm', 'timm with biases', 'official'])
def test_dinov3_of_timm(layout: str) -> None:
    name = 'vit_small_patch16_dinov3' + ('' if layout == 'timm' else '_qkvb')
    theirs = randomised(timm.create_model(name, img_size=64, **TIMM))
    state = theirs.state_dict()
    if layout == 'official':
        state = dinov3_of_the_authors(state)
    ours = build(type='DINOv3')
    ours.load_state_dict(CONVERTERS['dinov3'](state))
    with torch.no_grad():
        expected = theirs.forward_intermediates(
            image(64, 64), indices=[0, 2], norm=True, intermediates_only=True
        )
        found = ours(image(64, 64))
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_classifiers_are_left_out_and_gated_mlps_refused() -> None:
    theirs = transformers.Dinov2ForImageClassification(
        transformers.Dinov2Config(**HF, image_size=70)
    )
    own = build(type='DINOv2', img_size=70).state_dict()
    assert set(CONVERTERS['dinov2'](theirs.state_dict())) == set(own)
    theirs = transformers.Dinov2Model(
        transformers.Dinov2Config(**HF, image_size=70, use_swiglu_ffn=True)
    )
    with pytest.raises(CheckpointError, match='gated'):
        CONVERTERS['dinov2'](theirs.state_dict())


def test_positions_and_patches_are_resized_as_in_timm() -> None:
    torch.manual_seed(0)
    table, patches = torch.randn(1, 50, 6), torch.randn(5, 3, 14, 14)
    for side in (5, 9):
        expected = timm.layers.resample_abs_pos_embed(table, [side, side])
        found = resize_positions(table, 1 + side**2)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    expected = timm.layers.patch_embed.resample_patch_embed(patches, [16, 16])
    torch.testing.assert_close(
        resize_patches(patches, 16), expected, atol=1e-4, rtol=1e-4
    )
    assert resize_patches(patches, 14) is patches
    with pytest.raises(CheckpointError, match='a table of 49 positions'):
        resize_positions(table[:, :49], 26)


def test_a_backbone_takes_all_or_nothing() -> None:
    state = build(type='DINOv2', img_size=70).state_dict()
    own = build(type='DINOv2', img_size=64, patch_size=16).state_dict()
    found = fitted(state, own, 'file')
    assert {k: v.shape for k, v in found.items()} == {
        k: v.shape for k, v in own.items()
    }
    table = 'embeddings.position_embeddings'
    assert torch.equal(found[table], resize_positions(state[table], 17))
    bare = {k: v for k, v in own.items() if not k.startswith('norm.')}
    assert set(fitted(state, bare, 'file')) == set(bare)
    some = {k: v for k, v in state.items() if k != 'layers.1.norm1.bias'}
    with pytest.raises(CheckpointError, match=r'file: .*layers\.1\.norm1\.bias: miss'):
        fitted(some, own, 'file')
    with pytest.raises(CheckpointError, match='extra: unknown'):
        fitted({**state, 'extra': torch.zeros(1)}, own, 'file')
    with pytest.raises(CheckpointError, match=r'norm1\.bias: \(3,\) in the file'):
        fitted({**state, 'layers.1.norm1.bias': torch.zeros(3)}, own, 'file')


def test_a_segmentor_with_other_classes_and_another_size() -> None:
    """What ``tools/convert_checkpoint.py --config`` does with a published EoMT."""
    init_default_scope('mmseg')
    vit = dict(type='DINOv2', patch_size=16, num_registers=2, open_blocks=1, **SMALL)

    def state(size: int, classes: int) -> State:
        head = dict(type='EoMTHead', in_channels=24, num_classes=classes, num_blocks=1)
        cfg = dict(type='EncoderDecoder', backbone=vit | dict(img_size=size))
        cfg |= dict(decode_head=head, test_cfg=dict(mode='whole'))
        return MODELS.build(cfg).state_dict()

    other, own = state(64, 30), state(96, 4)
    found = fit(other, own)
    table = 'backbone.embeddings.position_embeddings'
    classifier = [f'decode_head.class_predictor.{k}' for k in ('weight', 'bias')]
    assert found.resized == [table]
    assert found.new == classifier
    assert set(found.state) == set(own) - set(classifier)
    assert torch.equal(found.state[table], resize_positions(other[table], 37))
