"""K-Net's stages are the paper's equations; the head trains without compiled ops."""

import math
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.models.decode_heads.knet_head import KernelUpdateHead
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.models import KNetHead

UPDATE = dict(
    type='KernelUpdateHead',
    in_channels=8,
    out_channels=8,
    num_heads=2,
    num_ffn_fcs=2,
    feedforward_channels=12,
    num_mask_fcs=1,
    conv_kernel_size=1,
    feat_transform_cfg=dict(conv_cfg=dict(type='Conv2d'), act_cfg=None),
    kernel_updator_cfg=dict(
        type='KernelUpdator',
        in_channels=4,
        feat_channels=4,
        out_channels=4,
        act_cfg=dict(type='ReLU', inplace=True),
        norm_cfg=dict(type='LN'),
    ),
)
GENERATE = dict(
    type='UPerHead',
    in_channels=[4, 6, 8, 10],
    in_index=[0, 1, 2, 3],
    pool_scales=(1, 2, 3, 6),
    channels=8,
    dropout_ratio=0.0,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
)
CLASSES = 3


def build(type_: str = 'KNetHead', **cfg: Any) -> nn.Module:
    """Build a part whose parameters are all random."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    part = MODELS.build(deepcopy(dict(type=type_, **cfg)))
    for parameter in part.parameters():
        nn.init.normal_(parameter, std=0.5)
    return part.eval()


def head(**cfg: Any) -> nn.Module:
    parts = dict(kernel_generate_head=GENERATE, kernel_update_head=UPDATE)
    return build(**parts | dict(num_classes=CLASSES) | cfg)


def maps(batch: int = 2, size: tuple[int, int] = (12, 16)) -> list[Tensor]:
    return [
        torch.randn(batch, c, *(-(-s // 2**i) for s in size))
        for i, c in enumerate((4, 6, 8, 10))
    ]


def updated_kernel(updator: nn.Module, feature: Tensor, kernel: Tensor) -> Tensor:
    """Equations 4 and 5 of the paper for one row of one kernel, each (4,)."""
    phi1, psi3 = updator.dynamic_layer(feature).split(4)
    phi2, psi4 = updator.input_layer(kernel).split(4)
    gate = phi1 * phi2
    gate_feature = torch.sigmoid(updator.norm_in(updator.update_gate(gate)))
    gate_kernel = torch.sigmoid(updator.input_norm_in(updator.input_gate(gate)))
    mixed = gate_feature * updator.norm_out(psi3)
    mixed = mixed + gate_kernel * updator.input_norm_out(psi4)
    return torch.relu(updator.fc_norm(updator.fc_layer(mixed)))


def attended(block: nn.Module, kernels: Tensor) -> Tensor:
    """Self-attention of one image's kernels, (N, 8), with its residual, in loops."""
    weight, bias = block.attn.in_proj_weight, block.attn.in_proj_bias
    out = torch.zeros_like(kernels)
    for h in (slice(0, 4), slice(4, 8)):
        q, k, v = (
            kernels @ weight[8 * i : 8 * i + 8][h].T + bias[8 * i : 8 * i + 8][h]
            for i in range(3)
        )
        for n in range(len(kernels)):
            scores = torch.stack([q[n] @ other / math.sqrt(4) for other in k])
            share = scores.exp() / scores.exp().sum()
            out[n, h] = sum(s * value for s, value in zip(share, v))
    return kernels + block.attn.out_proj(out)


def reference(
    stage: KernelUpdateHead, x: Tensor, kernels: Tensor, masks: Tensor
) -> tuple[Tensor, Tensor]:
    """One stage for one image: x (8, H, W), kernels (N, 8), masks (N, H, W)."""
    x = stage.feat_transform.conv(x[None])[0]
    share = masks.exp() / masks.exp().sum(0)
    rows = []
    for n in range(len(kernels)):
        gathered = sum(
            share[n, i, j] * x[:, i, j]
            for i in range(x.shape[1])
            for j in range(x.shape[2])
        )
        # the gates work on rows of 4 channels, two of them a kernel
        parts = [
            updated_kernel(stage.kernel_update_conv, gathered[r], kernels[n, r])
            for r in (slice(0, 4), slice(4, 8))
        ]
        rows.append(torch.cat(parts))
    kernels = stage.attention_norm(attended(stage.attention, torch.stack(rows)))
    hidden = torch.relu(stage.ffn.layers[0][0](kernels))
    kernels = stage.ffn_norm(kernels + stage.ffn.layers[1](hidden))
    linear, norm, _ = stage.mask_fcs
    final = stage.fc_mask(torch.relu(norm(linear(kernels))))
    return torch.einsum('nc,chw->nhw', final, x), kernels


def test_stages_are_the_papers() -> None:
    """The classifier's weights are the first kernels; three stages in loops."""
    model = head().train()
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.eval()
    inputs = maps()
    with torch.no_grad():
        found = model(inputs)
        feature = model.kernel_generate_head._forward_feature(inputs)
        assert [tuple(f.shape) for f in found] == [(2, CLASSES, 12, 16)] * 4
        classifier = model.kernel_generate_head.conv_seg
        torch.testing.assert_close(found[0], classifier(feature))
        for b in range(2):
            kernels, masks = classifier.weight[..., 0, 0], found[0][b]
            for stage, seen in zip(model.kernel_update_head, found[1:], strict=True):
                masks, kernels = reference(stage, feature[b], kernels, masks)
                torch.testing.assert_close(seen[b], masks, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(model.eval()(inputs), found[-1])


def samples(labels: Tensor) -> list[SegDataSample]:
    return [SegDataSample(gt_sem_seg=PixelData(data=label[None])) for label in labels]


def test_every_stage_and_every_loss_of_the_list() -> None:
    losses = [
        dict(type='CrossEntropyLoss', loss_weight=1.0),
        dict(type='CrossEntropyLoss', loss_weight=0.5, loss_name='loss_half'),
    ]
    model = head(kernel_generate_head=GENERATE | dict(loss_decode=losses)).train()
    inputs, label = maps(), torch.randint(0, CLASSES, (2, 24, 32))
    label[:, :3] = 255
    logits = model(inputs)
    found = model.loss_by_feat(logits, samples(label))
    names = {f'{n}.s{i}' for n in ('loss_ce', 'loss_half', 'acc_seg') for i in range(4)}
    assert set(found) == names
    for i, logit in enumerate(logits):
        large = F.interpolate(logit, (24, 32), mode='bilinear')
        value = F.cross_entropy(large, label, ignore_index=255, reduction='none')
        torch.testing.assert_close(found[f'loss_ce.s{i}'], value.mean())
        torch.testing.assert_close(found[f'loss_half.s{i}'], value.mean() / 2)
    sum(v for k, v in found.items() if 'loss' in k).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


def test_parents_checkpoints_load() -> None:
    stock = build(
        'IterativeDecodeHead',
        num_stages=3,
        kernel_generate_head=GENERATE | dict(num_classes=CLASSES),
        kernel_update_head=[UPDATE] * 3,
    )
    model = head()
    nn.init.zeros_(model.kernel_generate_head.conv_seg.weight)
    model.load_state_dict(stock.state_dict(), strict=True)
    inputs = maps()
    with torch.no_grad():
        assert torch.equal(model(inputs), stock(inputs))


def segmentor(mode: str = 'whole') -> nn.Module:
    init_default_scope('mmseg')
    swin = dict(type='SDPASwinTransformer', embed_dims=12, depths=[1, 1, 1, 1])
    swin |= dict(num_heads=[1, 2, 3, 4], window_size=4)
    generate = GENERATE | dict(in_channels=[12, 24, 48, 96])
    cfg = dict(type='EncoderDecoder', backbone=swin)
    cfg['decode_head'] = dict(type='KNetHead', num_classes=CLASSES, num_stages=2)
    cfg['decode_head'] |= dict(kernel_generate_head=generate, kernel_update_head=UPDATE)
    cfg['test_cfg'] = dict(mode=mode, crop_size=(64, 64), stride=(42, 42))
    torch.manual_seed(0)
    return MODELS.build(ConfigDict(deepcopy(cfg)))


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str) -> None:
    model = segmentor(mode).eval()
    for size in ((64, 64), (50, 131), (90, 64)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            logits = model.inference(torch.randn(1, 3, *size), [meta])
        assert logits.shape == (1, CLASSES, *size)
        assert logits.isfinite().all()


def test_trains_under_bfloat16_and_travels() -> None:
    model = segmentor()
    model.init_weights()
    image, label = torch.randn(2, 3, 64, 96), torch.randint(0, CLASSES, (2, 64, 96))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples(label))
    assert sorted(k for k in losses if 'loss' in k) == [
        f'decode.loss_ce.s{i}' for i in range(3)
    ]
    total = sum(v for k, v in losses.items() if 'loss' in k)
    assert total.isfinite()
    total.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    other = segmentor().eval()
    other.load_state_dict(model.eval().state_dict())
    meta = [dict(img_shape=(64, 96), ori_shape=(64, 96))]
    with torch.no_grad():
        assert torch.equal(*(m.inference(image[:1], meta) for m in (model, other)))


def test_refuses() -> None:
    with pytest.raises(ValueError, match='at least 1, got 0'):
        KNetHead(3, GENERATE, UPDATE, num_stages=0)
    with pytest.raises(ValueError, match='beside the parts'):
        KNetHead(3, GENERATE | dict(num_classes=3), UPDATE)
