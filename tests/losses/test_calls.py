"""How every loss is built and called: types, devices, heads, reductions, errors."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models.decode_heads import FCNHead
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from .cases import CASES, IGNORED, PIXELS, Builder, batch


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(build: Builder, dtype: torch.dtype) -> None:
    logits, label = batch(size=64)
    half = logits.to(dtype).requires_grad_()
    weight = torch.ones(label.shape, dtype=dtype)
    options = dict(class_weight=[1, 2, 3, 4])
    loss = build(**options)(half, label, weight=weight)
    loss.backward()
    assert loss.dtype == torch.float32
    exact = half.detach().float()
    assert loss.item() == build(**options)(exact, label).item()
    assert half.grad.dtype == dtype
    assert half.grad.abs().max() > 0
    with torch.autocast('cpu', dtype=dtype):
        inside = build(**options)(exact, label)
    assert inside.dtype == torch.float32
    assert inside.item() == loss.item()


def test_built_without_memory(build: Builder) -> None:
    with torch.device('meta'):
        loss = MODELS.build(dict(build.case, class_weight=[1, 2, 3, 4]))
    assert all(buffer.is_meta for buffer in loss.buffers())


@pytest.mark.parametrize('sampler', [None, dict(type='OHEMPixelSampler', thresh=0.7)])
def test_a_decode_head_calls_it_in_a_list(build: Builder, sampler: dict | None) -> None:
    head = FCNHead(
        in_channels=3,
        channels=4,
        num_classes=4,
        num_convs=1,
        loss_decode=[
            dict(type='SoftDiceLoss'),
            dict(build.case, loss_name='loss_x'),
            dict(type='SoftCrossEntropyLoss'),
        ],
        sampler=sampler and dict(sampler, min_kept=8),
        norm_cfg=dict(type='BN'),
    )
    _, label = batch()
    samples = [
        SegDataSample(gt_sem_seg=PixelData(data=one[None].long())) for one in label
    ]
    result = head.loss([torch.randn(2, 3, 4, 4)], samples, None)
    assert {'loss_x', 'loss_soft_dice', 'loss_soft_ce'} <= set(result)
    result['loss_x'].backward()
    assert head.conv_seg.weight.grad.abs().max() > 0


@pytest.mark.parametrize('name', PIXELS)
def test_reductions_of_pixel_losses(name: str) -> None:
    logits, label = batch()
    loss = MODELS.build(CASES[name])
    pixels = loss(logits, label, reduction_override='none')
    assert pixels.shape == label.shape
    assert (pixels[label == IGNORED] == 0).all()
    total = loss(logits, label, reduction_override='sum')
    assert total.item() == pytest.approx(pixels.sum().item())
    divided = loss(logits, label, avg_factor=7)
    assert divided.item() == pytest.approx(total.item() / 7)


def test_bad_calls_name_the_value(build: Builder) -> None:
    logits, label = batch()
    with pytest.raises(ValueError, match='3 numbers for 4 classes'):
        build(class_weight=[1, 2, 3])(logits, label)
    with pytest.raises(ValueError, match=r'seg_label has the shape \(2, 4, 8\)'):
        build()(logits, label[:, :4])
    with pytest.raises(ValueError, match=r'weight has the shape \(2, 8\)'):
        build()(logits, label, weight=torch.ones(2, 8))
    with pytest.raises(ValueError, match="got 'median'"):
        build()(logits, label, reduction_override='median')
    label[0, 4, 4] = 37
    with pytest.raises(ValueError, match=r'\[37\]'):
        build()(logits, label)
