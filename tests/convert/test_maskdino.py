"""MaskDINO's official layout; its names are written here anew, from ours to theirs."""

import re
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS
from torch import Tensor

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.fit import fit
from mmseg_trash.convert.swin import unfolded
from mmseg_trash.errors import CheckpointError

LAYERS, CLASSES = 2, 6
RESNET = dict(type='ResNet', depth=50, base_channels=4, stem_channels=4)
SWIN = dict(type='SDPASwinTransformer', embed_dims=8, depths=(1, 1, 1, 1),
            num_heads=(1, 1, 2, 2))  # fmt: skip
BACKBONES = dict(resnet=(RESNET, [16, 32, 64, 128]), swin=(SWIN, [8, 16, 32, 64]))
# Some names of the authors' files, word for word.
OFFICIAL = """
criterion.empty_weight
sem_seg_head.pixel_decoder.input_proj.2.0.weight
sem_seg_head.pixel_decoder.input_proj.0.1.bias
sem_seg_head.pixel_decoder.transformer.level_embed
sem_seg_head.pixel_decoder.transformer.encoder.layers.0.self_attn.sampling_offsets.bias
sem_seg_head.pixel_decoder.transformer.encoder.layers.1.linear2.weight
sem_seg_head.pixel_decoder.mask_features.bias
sem_seg_head.pixel_decoder.adapter_1.norm.weight
sem_seg_head.pixel_decoder.layer_1.weight
sem_seg_head.predictor.class_embed.weight
sem_seg_head.predictor.label_enc.weight
sem_seg_head.predictor.mask_embed.layers.2.bias
sem_seg_head.predictor.decoder_norm.weight
sem_seg_head.predictor.decoder.norm.weight
sem_seg_head.predictor.decoder.layers.1.cross_attn.value_proj.weight
sem_seg_head.predictor.decoder.layers.0.self_attn.in_proj_weight
sem_seg_head.predictor.decoder.layers.0.self_attn.out_proj.bias
sem_seg_head.predictor.decoder.layers.1.norm3.bias
sem_seg_head.predictor.decoder.ref_point_head.layers.0.weight
sem_seg_head.predictor.decoder.bbox_embed.1.layers.2.weight
sem_seg_head.predictor._bbox_embed.layers.0.weight
sem_seg_head.predictor.bbox_embed.0.layers.1.bias
"""
ONE_STAGE = """
sem_seg_head.predictor.query_feat.weight
sem_seg_head.predictor.query_embed.weight
"""
TWO_STAGE = """
sem_seg_head.predictor.enc_output.weight
sem_seg_head.predictor.enc_output_norm.bias
"""
OF_BACKBONE = dict(
    resnet="""
backbone.stem.conv1.weight
backbone.stem.conv1.norm.running_var
backbone.res2.0.shortcut.norm.bias
backbone.res3.0.shortcut.weight
backbone.res4.5.conv2.norm.weight
backbone.res5.2.conv3.weight
""",
    swin="""
backbone.patch_embed.proj.weight
backbone.layers.0.blocks.0.attn.qkv.bias
backbone.layers.2.downsample.reduction.weight
backbone.norm3.weight
""",
)


def model(backbone: str = 'resnet', **head: Any) -> Any:
    cfg, channels = BACKBONES[backbone]
    torch.manual_seed(0)
    options = dict(type='MaskDINOHead', in_channels=channels, num_classes=CLASSES)
    options |= dict(channels=32, mask_channels=8, num_queries=9, num_heads=4)
    options |= dict(encoder_layers=2, encoder_ffn=16, decoder_layers=LAYERS)
    options |= dict(decoder_ffn=16) | head
    cfg = dict(type='mmseg.EncoderDecoder', backbone=cfg, decode_head=options)
    cfg |= dict(train_cfg=dict(), test_cfg=dict(mode='whole'))
    return MODELS.build(ConfigDict(cfg))


def of_resnet(key: str) -> str:
    key = re.sub(r'^(conv1|bn1)\.', r'stem.\1.', key)
    key = re.sub(r'^layer(\d)', lambda m: f'res{int(m[1]) + 1}', key)
    key = re.sub(r'bn(\d)\.', r'conv\1.norm.', key)
    return key.replace('downsample.0', 'shortcut').replace('downsample.1',
                                                           'shortcut.norm')  # fmt: skip


def of_swin(key: str) -> str:
    for ours, theirs in (
        ('stages', 'layers'),
        ('attn.w_msa', 'attn'),
        ('ffn.layers.0.0', 'mlp.fc1'),
        ('ffn.layers.1', 'mlp.fc2'),
        ('patch_embed.projection', 'patch_embed.proj'),
    ):
        key = key.replace(ours, theirs)
    return key


def folded(tensor: Tensor) -> Tensor:
    """Undo :func:`unfolded`."""
    order = unfolded(torch.arange(tensor.shape[-1]))
    return tensor[..., order.argsort()]


def official(state: State, backbone: str) -> State:
    """Write a state dict of ours in the authors' layout, copies included."""
    found: State = {'criterion.empty_weight': torch.ones(CLASSES + 1)}
    for key, value in state.items():
        name = key.removeprefix('backbone.')
        if key.startswith('decode_head.'):
            name = 'sem_seg_head.' + key.removeprefix('decode_head.')
            branch = 'predictor.bbox_embed.'
            copies = [f'predictor.{p}bbox_embed.{i}.' for p in ('', 'decoder.')
                      for i in range(LAYERS)]  # fmt: skip
            for copy in [*copies, 'predictor._bbox_embed.'] if branch in name else []:
                found[name.replace(branch, copy)] = value
            if branch not in name:
                found[name] = value
            if 'decoder_norm.' in name:
                found[name.replace('decoder_norm', 'decoder.norm')] = value
        elif backbone == 'swin':
            value = folded(value) if '.downsample.' in name else value
            found[f'backbone.{of_swin(name)}'] = value
        elif not name.endswith('num_batches_tracked'):
            found[f'backbone.{of_resnet(name)}'] = value
    return found


@pytest.mark.parametrize('selection', ['learned', 'encoder'])
@pytest.mark.parametrize('backbone', BACKBONES)
def test_every_tensor_arrives(
    backbone: str, selection: str, caplog: pytest.LogCaptureFixture
) -> None:
    original, other = (model(backbone, selection=selection) for _ in range(2))
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    state = official(original.state_dict(), backbone)
    stage = ONE_STAGE if selection == 'learned' else TWO_STAGE
    names = (OFFICIAL + stage + OF_BACKBONE[backbone]).split()
    assert set(names) <= set(state)
    with caplog.at_level('INFO', 'mmseg_trash.convert'):
        converted = CONVERTERS['maskdino'](state)
    assert 'criterion.empty_weight' in caplog.text
    assert 'predictor.decoder.bbox_embed.1.layers.2.bias' in caplog.text
    found = other.load_state_dict(converted, strict=False)
    assert not found.unexpected_keys
    assert all(k.endswith('relative_position_index') for k in found.missing_keys)
    for key, value in original.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key
    result = fit(converted, other.state_dict())
    assert result.new == []


def test_other_classes_start_anew() -> None:
    state = official(model().state_dict(), 'resnet')
    own = model(num_classes=4).state_dict()
    result = fit(CONVERTERS['maskdino'](state), own)
    predictor = 'decode_head.predictor.'
    assert sorted(result.new) == [
        f'{predictor}class_embed.bias',
        f'{predictor}class_embed.weight',
        f'{predictor}label_enc.weight',
    ]


def test_wrong_architectures_are_named() -> None:
    state = official(model().state_dict(), 'resnet')
    converted = CONVERTERS['maskdino'](state)
    with pytest.raises(CheckpointError, match=r'layers\.2\.cross_attn.*missing'):
        fit(converted, model(decoder_layers=3).state_dict())
    with pytest.raises(CheckpointError, match=r'enc_output|query_embed'):
        fit(converted, model(selection='encoder').state_dict())
    mask2former = {'sem_seg_head.predictor.transformer_ffn_layers.0.norm.bias': None}
    with pytest.raises(CheckpointError, match='transformer_ffn_layers'):
        CONVERTERS['maskdino'](mask2former)
    with pytest.raises(CheckpointError, match='no MaskDINO'):
        CONVERTERS['maskdino'](state | {'decode_head.conv_seg.bias': torch.ones(2)})


@pytest.mark.parametrize('key', [
    'sem_seg_head.predictor.bbox_embed.1.layers.0.weight',
    'sem_seg_head.predictor.decoder.norm.bias',
])  # fmt: skip
def test_copies_that_differ_are_named(key: str) -> None:
    state = official(model().state_dict(), 'resnet')
    state[key] = state[key] + 1
    with pytest.raises(CheckpointError, match=re.escape(key.split('.', 1)[1])):
        CONVERTERS['maskdino'](state)
