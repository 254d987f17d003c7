"""SegFormer's own head gives what Hugging Face's gives, from all published layouts."""

import re

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.fit import fit
from mmseg_trash.errors import CheckpointError
from mmseg_trash.models import SegformerMLPHead

transformers = pytest.importorskip('transformers')
modeling = pytest.importorskip('transformers.models.segformer.modeling_segformer')

WIDTHS = [8, 16, 24, 32]
MIT = dict(embed_dims=8, num_layers=[1, 1, 1, 1], num_heads=[1, 2, 3, 4])
SIZE = dict(hidden_sizes=WIDTHS, depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 3, 4])
HEAD = dict(in_channels=WIDTHS, in_index=[0, 1, 2, 3], channels=12, num_classes=5)
HEAD |= dict(norm_cfg=dict(type='BN'), loss_decode=[dict(type='CrossEntropyLoss')])


def randomised(model: nn.Module) -> nn.Module:
    """Give every parameter and statistic other numbers."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
        elif isinstance(module, nn.LayerNorm):
            module.eps = 1e-6  # the authors'; transformers leaves PyTorch's
    return model.eval()


@pytest.fixture(scope='module')
def hugging_face() -> nn.Module:
    config = transformers.SegformerConfig(
        **SIZE, decoder_hidden_size=12, num_labels=5, classifier_dropout_prob=0.0
    )
    return randomised(transformers.SegformerForSemanticSegmentation(config))


def segmentor(mode: str = 'whole', **head: object) -> nn.Module:
    """Build a small SegFormer."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    decode = dict(type='SegformerMLPHead') | HEAD | head
    test = dict(mode=mode, crop_size=(64, 64), stride=(42, 42))
    backbone = dict(type='SDPAMixVisionTransformer', **MIT)
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder', backbone=backbone, decode_head=decode, test_cfg=test
        )
    )


def of_the_authors(state: State) -> State:
    """Write Hugging Face's segmentor in the authors' layout."""
    parts = {
        r'segformer\.encoder\.patch_embeddings\.(\d)\.proj': 'patch_embed{}.proj',
        r'segformer\.encoder\.patch_embeddings\.(\d)\.layer_norm': 'patch_embed{}.norm',
        r'segformer\.encoder\.layer_norm\.(\d)': 'norm{}',
    }
    inner = {
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
    heads = {
        'linear_fuse': 'linear_fuse.conv',
        'batch_norm': 'linear_fuse.bn',
        'classifier': 'linear_pred',
    }
    # The authors' base class makes a classifier that their network never calls.
    result = {
        'decode_head.conv_seg.weight': torch.zeros(5, 3, 1, 1),
        'decode_head.conv_seg.bias': torch.zeros(5),
    }
    for key, value in state.items():
        stem, kind = key.rsplit('.', 1)
        if stem.startswith('decode_head.'):
            name = stem.removeprefix('decode_head.')
            if found := re.fullmatch(r'linear_c\.(\d)\.proj', name):
                name = f'linear_c{int(found[1]) + 1}.proj'
            result[f'decode_head.{heads.get(name, name)}.{kind}'] = value
            continue
        for pattern, new in parts.items():
            if found := re.fullmatch(pattern, stem):
                result[f'backbone.{new.format(int(found[1]) + 1)}.{kind}'] = value
        if found := re.fullmatch(r'segformer\.encoder\.block\.(\d)\.(\d+)\.(.+)', stem):
            block = f'backbone.block{int(found[1]) + 1}.{found[2]}.'
            if found[3] == 'attention.self.key':
                both = [value, state[key.replace('key', 'value')]]
                result[f'{block}attn.kv.{kind}'] = torch.cat(both)
            elif found[3] != 'attention.self.value':
                result[f'{block}{inner[found[3]]}.{kind}'] = value
    return result


@pytest.mark.parametrize('layout', ['segformer', 'segformer-hf'])
def test_published_segmentors(layout: str, hugging_face: nn.Module) -> None:
    state = hugging_face.state_dict()
    if layout == 'segformer':
        state = of_the_authors(state)
    ours = segmentor().eval()
    ours.load_state_dict(CONVERTERS[layout](state))
    for size in ((64, 96), (70, 53)):
        image = torch.randn(2, 3, *size)
        with torch.no_grad():
            expected = hugging_face(image).logits
            found = ours(image, mode='tensor')
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_head_in_training(hugging_face: nn.Module) -> None:
    """The same logits, gradients and statistics when the norm sees the batch."""
    theirs = modeling.SegformerDecodeHead(hugging_face.config)
    theirs.load_state_dict(hugging_face.decode_head.state_dict())
    ours = SegformerMLPHead(**HEAD | dict(dropout_ratio=0))
    state = CONVERTERS['segformer-hf'](hugging_face.state_dict())
    prefix = 'decode_head.'
    ours.load_state_dict(
        {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    )
    maps = [torch.randn(2, c, 18 // s, 21 // s) for c, s in zip(WIDTHS, (1, 2, 4, 8))]
    out, expected = ours.train()(maps), theirs.train()(maps)
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)
    for result in (out, expected):
        (result**2).mean().backward()
    for i in range(4):
        torch.testing.assert_close(
            ours.projections[i].weight.grad,
            theirs.linear_c[i].proj.weight.grad,
            atol=1e-5,
            rtol=1e-4,
        )
    conv, norm = ours.fusion_conv.conv, ours.fusion_conv.norm
    grad = theirs.linear_fuse.weight.grad
    torch.testing.assert_close(conv.weight.grad, grad, atol=1e-5, rtol=1e-4)
    mean = theirs.batch_norm.running_mean
    torch.testing.assert_close(norm.running_mean, mean, atol=1e-6, rtol=1e-5)


def test_without_a_norm_the_fusion_has_a_bias() -> None:
    head = randomised(SegformerMLPHead(**HEAD | dict(norm_cfg=None)))
    maps = [torch.randn(1, c, 8, 8) for c in WIDTHS]
    rows = [m.flatten(2).mT for m in maps]
    wide = [layer(r) for layer, r in zip(head.projections, rows)]
    conv = head.fusion_conv.conv
    fused = torch.cat(wide[::-1], 2) @ conv.weight.flatten(1).T + conv.bias
    expected = head.conv_seg(fused.relu().mT.reshape(1, 12, 8, 8))
    torch.testing.assert_close(head(maps), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str) -> None:
    model = segmentor(mode).eval()
    for size in ((64, 64), (50, 131)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            out = model.inference(torch.randn(1, 3, *size), [meta])
        assert out.shape == (1, 5, *size) and out.isfinite().all()


def test_trains_under_bfloat16_and_travels() -> None:
    model = segmentor()
    model.init_weights()
    image, label = torch.randn(2, 3, 64, 96), torch.randint(0, 5, (2, 1, 64, 96))
    samples = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples)
    losses['decode.loss_ce'].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), name
    other = segmentor().eval()
    other.load_state_dict(model.eval().state_dict())
    with torch.no_grad():
        assert torch.equal(*(m(image, mode='tensor') for m in (model, other)))


# Millions of parameters with ADE20K's 150 classes (the paper, table 1).
@pytest.mark.parametrize('size, millions', [
    ('b0', 3.8), ('b1', 13.7), ('b2', 27.5), ('b3', 47.3), ('b4', 64.1), ('b5', 84.7),
])  # fmt: skip
def test_parameters_are_the_papers(size: str, millions: float, project) -> None:
    tag = 'h768-' if size > 'b1' else ''
    name = f'segformer_mit-{size}_1xb8-{tag}20k_trash-512x512.py'
    cfg = load_config(project / 'configs/segformer' / name, from_scratch=True)
    cfg.model.decode_head.update(type='SegformerMLPHead', num_classes=150)
    model = build_model(cfg, 'meta')
    count = sum(p.numel() for p in model.parameters()) / 1e6
    # the paper rounds to one decimal
    assert count == pytest.approx(millions, abs=max(0.005 * millions, 0.05))


@pytest.mark.parametrize('size, depths', [
    ('b2', [3, 4, 6, 3]), ('b3', [3, 4, 18, 3]), ('b4', [3, 8, 27, 3]),
    ('b5', [3, 6, 40, 3]),
])  # fmt: skip
@pytest.mark.parametrize('layout', ['segformer', 'segformer-hf'])
def test_published_sizes_fit(layout: str, size: str, depths: list, project) -> None:
    """Every tensor of a segmentor for ADE20K has its place but the classifier."""
    config = transformers.SegformerConfig(
        hidden_sizes=[64, 128, 320, 512],
        depths=depths,
        decoder_hidden_size=768,
        num_labels=150,
    )
    with torch.device('meta'):
        theirs = transformers.SegformerForSemanticSegmentation(config)
    state = theirs.state_dict()
    if layout == 'segformer':
        state = of_the_authors(state)
    name = f'segformer_mit-{size}_1xb8-h768-20k_trash-512x512.py'
    cfg = load_config(project / 'configs/segformer' / name, from_scratch=True)
    own = build_model(cfg, 'meta').state_dict()
    found = fit(CONVERTERS[layout](state), own)
    assert found.new == ['decode_head.conv_seg.weight', 'decode_head.conv_seg.bias']
    assert len(found.loaded) == len(own) - 2


def test_other_classes_and_heads(hugging_face: nn.Module) -> None:
    state = CONVERTERS['segformer-hf'](hugging_face.state_dict())
    found = fit(state, segmentor(num_classes=3).state_dict())
    names = ['decode_head.conv_seg.weight', 'decode_head.conv_seg.bias']
    assert found.new == names and len(found.loaded) == len(state) - 2
    with pytest.raises(CheckpointError, match='decode_head.projections.0.weight: unkn'):
        fit(state, segmentor(type='SegformerHead').state_dict())
    with pytest.raises(CheckpointError, match='no decode_head among'):
        CONVERTERS['segformer-hf'](hugging_face.segformer.state_dict())
