"""smp's networks between backbone and decode head are smp's networks."""

import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.losses  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.models import SMPEncoder, SMPHead
from mmseg_trash.models.complexity import count

smp = pytest.importorskip('segmentation_models_pytorch')

pytestmark = pytest.mark.filterwarnings('ignore:`timm-` encoders:DeprecationWarning')
# What the encoder has to know for each decoder.
ARCHS: dict[str, dict[str, int]] = {
    'unetplusplus': {},
    'unet': {},
    'fpn': {},
    'pan': dict(output_stride=16, min_size=128),
    'deeplabv3plus': dict(output_stride=16),
}
CHANNELS = {
    'efficientnet-b0': [3, 32, 24, 40, 112, 320],
    'efficientnet-b3': [3, 40, 32, 48, 136, 384],
    'efficientnet-b7': [3, 64, 48, 80, 224, 640],
}
CE = dict(type='CrossEntropyLoss')


def segmentor(
    arch: str,
    name: str = 'efficientnet-b0',
    channels: list[int] | None = None,
    mode: str = 'whole',
    **head: Any,
) -> nn.Module:
    """Build a segmentor of five classes."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    decode_head = dict(
        type='SMPHead',
        arch=arch,
        in_channels=channels or CHANNELS[name],
        num_classes=5,
        loss_decode=[CE],
    )
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder',
            backbone=dict(type='SMPEncoder', name=name, **ARCHS[arch]),
            decode_head=decode_head | head,
            test_cfg=dict(mode=mode, crop_size=(128, 128), stride=(85, 85)),
        )
    )


def randomised(model: nn.Module) -> nn.Module:
    """Give every norm other numbers than its first."""
    torch.manual_seed(1)
    for name, value in model.state_dict().items():
        if value.dim() == 1 and value.is_floating_point():
            low = 0.5 if name.endswith(('weight', 'var')) else -0.2
            nn.init.uniform_(value, low, low + 1)
    return model.eval()


def samples(labels: Tensor) -> list[SegDataSample]:
    return [SegDataSample(gt_sem_seg=PixelData(data=label[None])) for label in labels]


def logits(model: nn.Module, image: Tensor) -> Tensor:
    size = tuple(image.shape[-2:])
    meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
    with torch.no_grad():
        out: Tensor = model.inference(image, [meta] * len(image))  # type: ignore
    return out


PAIRS = [(arch, 'efficientnet-b0') for arch in ARCHS]
PAIRS += [(arch, 'timm-efficientnet-b0') for arch in ('unetplusplus', 'pan')]
PAIRS += [(arch, 'tu-resnet10t') for arch in ('fpn', 'deeplabv3plus')]
PAIRS.append(('unetplusplus', 'tu-convnext_atto'))  # has no map at stride 2


@pytest.mark.parametrize('arch, name', PAIRS)
def test_computes_what_smp_computes(arch: str, name: str) -> None:
    """At a multiple of 32; at another size, what smp gives for the padded image."""
    torch.manual_seed(0)
    theirs = randomised(
        smp.create_model(arch, encoder_name=name, encoder_weights=None, classes=5)
    )
    channels = theirs.encoder.out_channels
    # smp enlarges by align_corners=True
    ours = segmentor(arch, name, channels, align_corners=True).eval()
    ours.load_state_dict(CONVERTERS['smp'](theirs.state_dict()))
    image = torch.randn(1, 3, 128, 160)
    odd = torch.randn(1, 3, 131, 77)
    width = 128 if arch == 'pan' else 96
    with torch.no_grad():
        whole, padded = theirs(image), theirs(F.pad(odd, (0, width - 77, 0, 29)))
    assert whole.std() > 1e-3
    torch.testing.assert_close(logits(ours, image), whole, atol=1e-5, rtol=1e-5)
    cut = padded[..., :131, :77]
    torch.testing.assert_close(logits(ours, odd), cut, atol=1e-5, rtol=1e-5)


def test_logits_are_enlarged_as_every_heads() -> None:
    model = randomised(segmentor('fpn'))
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        small = model.decode_head(model.backbone(image))
    assert small.shape == (1, 5, 16, 24)
    large = F.interpolate(small, (64, 96), mode='bilinear', align_corners=False)
    torch.testing.assert_close(logits(model, image), large)


# Millions of parameters with 11 classes.
FIGURES = {
    ('unetplusplus', 'efficientnet-b3'): 13.63,
    ('deeplabv3plus', 'efficientnet-b3'): 11.68,
    ('fpn', 'efficientnet-b3'): 12.48,
    ('pan', 'efficientnet-b3'): 10.81,
    ('unetplusplus', 'efficientnet-b7'): 68.17,
}


@pytest.mark.parametrize('arch, name', FIGURES)
def test_parameters(arch: str, name: str) -> None:
    with torch.device('meta'):
        model = segmentor(arch, name, num_classes=11)
    found = sum(p.numel() for p in model.parameters()) / 1e6
    assert found == pytest.approx(FIGURES[arch, name], rel=0.005)


def test_operations() -> None:
    with torch.device('meta'):
        model = segmentor('unetplusplus', 'efficientnet-b3', num_classes=11)
    assert count(model).giga_macs == '31.1'


@pytest.mark.parametrize('arch', ARCHS)
def test_trains_under_bfloat16_with_any_losses(arch: str) -> None:
    losses = [CE, dict(type='IoUCELoss', loss_name='loss_iou')]
    model = segmentor(arch, loss_decode=losses)
    model.init_weights()
    model.train()
    image = torch.randn(2, 3, 128, 160)
    label = torch.randint(0, 5, (2, 128, 160))
    label[:, :9] = 255
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model.loss(image, samples(label))
    assert {'decode.loss_ce', 'decode.loss_iou'} <= found.keys()
    total = found['decode.loss_ce'] + found['decode.loss_iou']
    assert total.isfinite()
    total.backward()
    frozen = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
        else:
            frozen.append(name)
    assert all('_conv_head' in n or 'encoder._bn1' in n for n in frozen)
    assert len(frozen) == 3


@pytest.mark.parametrize('mode', ['whole', 'slide'])
@pytest.mark.parametrize('arch', ARCHS)
def test_any_size_and_travels(arch: str, mode: str) -> None:
    model = randomised(segmentor(arch, mode=mode))
    other = segmentor(arch, mode=mode).eval()
    other.load_state_dict(model.state_dict())
    for size in ((128, 128), (50, 231)):
        image = torch.randn(1, 3, *size)
        out = logits(model, image)
        assert out.shape == (1, 5, *size)
        assert torch.equal(out, logits(other, image))


def test_options_reach_the_decoder() -> None:
    head = SMPHead(
        'unet',
        CHANNELS['efficientnet-b0'],
        num_classes=5,
        decoder=dict(decoder_channels=(64, 32, 16, 8, 4)),
        loss_decode=[CE],
    )
    assert head.conv_seg.weight.shape == (5, 4, 3, 3)
    assert head.decoder.blocks[0].conv1[0].out_channels == 64


def test_refuses() -> None:
    with pytest.raises(ValueError, match='arch must be one of unet, .*, got psp'):
        SMPHead('psp', [3, 8, 8, 8, 8, 8], num_classes=5)
    for name in ('efficientnet-b9', 'tu-no_such_model'):
        with pytest.raises(ValueError, match=f'{name}: smp has no such encoder'):
            SMPEncoder(name)


def test_norm_momentum_is_that_of_every_batch_norm() -> None:
    def momenta(encoder: SMPEncoder) -> set[float]:
        norms = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
        return {float(norm.momentum or 0) for norm in norms}

    assert momenta(SMPEncoder('efficientnet-b0', norm_momentum=0.25)) == {0.25}
    assert max(momenta(SMPEncoder('efficientnet-b0'))) == pytest.approx(0.01)
    for momentum in (0.0, 1.5):
        with pytest.raises(ValueError, match=f'norm_momentum is {momentum}, not in'):
            SMPEncoder('efficientnet-b0', norm_momentum=momentum)


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.startswith('segmentation_models_')]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'SMPEncoder needs .*\[optional\]'):
        SMPEncoder('efficientnet-b0')
    with pytest.raises(ImportError, match=r'SMPHead needs .*\[optional\]'):
        SMPHead('unet', CHANNELS['efficientnet-b0'], num_classes=5)
