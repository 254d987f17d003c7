"""Whole ADE20K segmentors of mmseg start our configs, all but their classifiers."""

import runpy
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert.common import State
from mmseg_trash.convert.position_bias import resize_table

ADE20K = 150
WIDTHS = [12, 24, 48, 96]
SWIN = dict(embed_dims=12, depths=[1, 1, 1, 1], num_heads=[1, 2, 3, 4])
BEIT = dict(img_size=(64, 64), embed_dims=12, num_layers=4, num_heads=2)
BEIT |= dict(out_indices=(0, 1, 2, 3))
UPER = dict(in_channels=WIDTHS, channels=16)
PLAIN = dict(decode_head=UPER, auxiliary_head=dict(in_channels=48, channels=8))
K_NET = dict(
    kernel_generate_head=UPER,
    kernel_update_head=dict(
        in_channels=16, out_channels=16, num_heads=2, feedforward_channels=24,
        kernel_updator_cfg=dict(in_channels=8, feat_channels=8, out_channels=8),
    ),
)  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    'upernet/upernet_swin-t_1xb8': PLAIN | dict(backbone=SWIN),
    'upernet/upernet_convnext-t_1xb8': dict(
        backbone=dict(arch='atto'),
        decode_head=dict(in_channels=[40, 80, 160, 320], channels=16),
        auxiliary_head=dict(in_channels=160, channels=8),
    ),
    'upernet/upernet_convnext-t_1xb8-noaux': dict(
        backbone=dict(arch='atto'),
        decode_head=dict(in_channels=[40, 80, 160, 320], channels=16),
    ),
    'upernet/upernet_beit-b-in22k_1xb8': dict(
        backbone=BEIT,
        neck=dict(embed_dim=12),
        decode_head=dict(in_channels=[12] * 4, channels=16),
        auxiliary_head=dict(in_channels=12, channels=8),
    ),
    'knet/knet_swin-t_1xb8': dict(
        backbone=SWIN, decode_head=K_NET, auxiliary_head=PLAIN['auxiliary_head']
    ),
}
TYPES = dict(SDPASwinTransformer='SwinTransformer', SDPABEiT='BEiT', BN='SyncBN')


def in_mmsegs_words(node: Any) -> Any:
    """Write a model's config as mmseg's own ADE20K configs have it."""
    if isinstance(node, list):
        return [in_mmsegs_words(n) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: in_mmsegs_words(v) for k, v in node.items()}
    node['type'] = TYPES.get(node.get('type'), node.get('type'))
    if node['type'] == 'KNetHead':
        parts = dict(num_classes=ADE20K)
        update = node['kernel_update_head'] | parts
        return dict(
            type='IterativeDecodeHead',
            num_stages=node['num_stages'],
            kernel_generate_head=node['kernel_generate_head'] | parts,
            kernel_update_head=[deepcopy(update) for _ in range(node['num_stages'])],
        )
    if 'num_classes' in node:
        node['num_classes'] = ADE20K
    return {k: v for k, v in node.items() if k != 'type' or v is not None}


def published(model: dict[str, Any]) -> nn.Module:
    """Build mmseg's own network with random weights, with an auxiliary head always."""
    words = in_mmsegs_words(model)
    if not words.get('auxiliary_head'):
        words['auxiliary_head'] = dict(
            type='FCNHead', in_channels=160, in_index=2, channels=8, num_convs=1,
            concat_input=False, num_classes=ADE20K,
        )  # fmt: skip
    if words['backbone']['type'] == 'BEiT':
        words['backbone']['img_size'] = (80, 80)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    theirs = MODELS.build(ConfigDict(words))
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    theirs.eval()
    return theirs


def features(model: nn.Module, image: Tensor) -> Tensor:
    """Return what the classifier sees."""
    head = getattr(model.decode_head, 'kernel_generate_head', model.decode_head)
    return head._forward_feature(model.extract_feat(image))


@pytest.mark.parametrize('stem', list(SMALL))
def test_every_tensor_is_used_or_reported(
    stem: str,
    tmp_path: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    leaf = project / f'configs/{stem}-20k_trash-512x512.py'
    config = tmp_path / 'small.py'
    config.write_text(f'_base_ = {str(leaf)!r}\nmodel = {SMALL[stem]!r}\n')
    cfg = load_config(config, from_scratch=True)
    theirs = published(cfg.model.to_dict())
    source: State = theirs.state_dict()
    file, out = tmp_path / 'ade20k.pth', tmp_path / 'out.pth'
    torch.save(dict(state_dict=source, meta=dict(mmseg_version='0.22.0')), file)
    main = runpy.run_path(str(project / 'tools/convert_checkpoint.py'))['main']
    main([str(file), str(out), '--family', 'mmseg', '--config', str(config)])
    text, state = capsys.readouterr().out, read_checkpoint(out)['state_dict']

    ours = build_model(cfg)
    result = ours.load_state_dict(state, strict=False)
    assert result.unexpected_keys == []
    assert result.missing_keys
    assert all('.conv_seg.' in key for key in result.missing_keys)
    assert all(f'  {key}\n' in text for key in result.missing_keys)
    gone = set(source) - set(state) - set(result.missing_keys)
    assert all(key in caplog.text for key in gone)
    aside = ('auxiliary_head.',) if 'noaux' in stem else ()
    assert all(k.endswith('position_index') or k.startswith(aside) for k in gone)
    for key in set(source) & set(state):
        expected = source[key]
        if 'beit' in stem and key.endswith('bias_table'):
            expected = resize_table(expected, (5, 5), (4, 4))
        assert torch.equal(state[key], expected), key

    image = torch.randn(1, 3, 80, 80)
    if 'beit' in stem:
        for a, b in zip(ours.backbone.layers, theirs.backbone.layers, strict=True):
            a.attn.relative_position_bias_table = b.attn.relative_position_bias_table
            a.attn.window_size = (5, 5)
    with torch.no_grad():
        found, expected = features(ours.eval(), image), features(theirs, image)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
