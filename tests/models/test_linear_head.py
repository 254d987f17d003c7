"""The linear head, alone and over a frozen DINOv2."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_trash.models import LinearHead

LOSS = [dict(type='CrossEntropyLoss', loss_weight=1.0)]


@pytest.mark.parametrize('several', [False, True])
def test_is_a_norm_and_a_linear_map(several: bool) -> None:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    channels, index = ([6, 4], [2, 0]) if several else (6, 2)
    head = LinearHead(
        in_channels=channels,
        in_index=index,
        num_classes=5,
        dropout_ratio=0.0,
        norm_cfg=dict(type='BN'),
        loss_decode=LOSS,
    )
    maps = [torch.randn(2, 4, 3, 5), torch.randn(2, 1, 1, 1), torch.randn(2, 6, 3, 5)]
    for parameter in head.parameters():
        nn.init.normal_(parameter)
    x = torch.cat([maps[2], maps[0]], 1) if several else maps[2]
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    normed = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
    normed = normed * head.norm.weight[:, None, None] + head.norm.bias[:, None, None]
    weight = head.conv_seg.weight[..., 0, 0]
    expected = F.linear(normed.permute(0, 2, 3, 1), weight, head.conv_seg.bias)
    found = head.train()(maps)
    torch.testing.assert_close(
        found, expected.permute(0, 3, 1, 2), atol=1e-5, rtol=1e-5
    )


def build(mode: str = 'whole') -> Any:
    """Build a linear head over a frozen DINOv2."""
    pytest.importorskip('transformers')
    init_default_scope('mmseg')
    torch.manual_seed(0)
    vit = dict(type='DINOv2', embed_dims=24, num_layers=2, num_heads=2, img_size=70)
    head = dict(type='LinearHead', in_channels=24, in_index=0, num_classes=4)
    head |= dict(norm_cfg=dict(type='BN'), dropout_ratio=0.0, loss_decode=LOSS)
    test = dict(mode=mode, crop_size=(64, 64), stride=(42, 42))
    cfg = dict(type='EncoderDecoder', backbone=vit | dict(frozen=True))
    return MODELS.build(ConfigDict(cfg, decode_head=head, test_cfg=test))


def test_trains_the_head_alone_under_bfloat16() -> None:
    model = build().train()
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=0.1
    )
    label = torch.randint(0, 4, (2, 1, 50, 70))
    data = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = model.loss(torch.randn(2, 3, 50, 70), data)['decode.loss_ce']
    loss.backward()
    optimizer.step()
    with_gradient = {n for n, p in model.named_parameters() if p.grad is not None}
    assert with_gradient == {
        f'decode_head.{part}.{kind}'
        for part in ('norm', 'conv_seg')
        for kind in ('weight', 'bias')
    }
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str) -> None:
    model, other = build(mode).eval(), build(mode).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    other.load_state_dict(model.state_dict())
    for size in ((64, 64), (50, 131), (90, 64)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        image = torch.randn(1, 3, *size)
        with torch.no_grad():
            found = [m.inference(image, [meta]) for m in (model, other)]
        assert found[0].shape == (1, 4, *size)
        assert torch.equal(*found)
