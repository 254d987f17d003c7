"""BiFPN computes the paper's equations; its segmentor trains at any size."""

import math

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
from mmseg_trash.models import BiFPN, BiFPNSegHead, TrimmedEfficientNet
from mmseg_trash.models.layers.weighted_fusion import WeightedFusion, halve, shrink

SIZES = ((19, 26), (10, 13), (5, 7), (3, 4))
CHANNELS = (3, 5, 6, 7)


def randomised(module: nn.Module) -> nn.Module:
    """Give parameters and statistics other numbers than their first."""
    torch.manual_seed(0)
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            low = 0.3 if name.endswith(('.weights', 'var')) else -0.5
            nn.init.uniform_(value, low, low + 1)
    return module.eval()


def maps(batch: int = 2) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(batch, c, *size) for c, size in zip(CHANNELS, SIZES)]


def norm(x: Tensor, bn: nn.Module) -> Tensor:
    """Normalise by the equation, epsilon 1e-3."""
    scale = bn.weight / (bn.running_var + 1e-3).sqrt()
    shift = bn.bias - bn.running_mean * scale
    return x * scale[:, None, None] + shift[:, None, None]


def fuse(terms: list[Tensor], node: nn.Module) -> Tensor:
    """Equation of section 3.3, one dense convolution in place of the two."""
    w = [max(0.0, float(v)) for v in node.weights]
    total = sum(v * x for v, x in zip(w, terms)) / (1e-4 + sum(w))
    depth, point, bn = node.conv
    kernel = point.weight * depth.weight.transpose(0, 1)
    swish = total / (1 + (-total).exp())
    return norm(F.conv2d(swish, kernel, point.bias, padding=1), bn)


def up(x: Tensor, size: tuple[int, ...]) -> Tensor:
    rows = [i * x.shape[-2] // size[0] for i in range(size[0])]
    columns = [i * x.shape[-1] // size[1] for i in range(size[1])]
    return x[..., rows, :][..., columns]


def down(x: Tensor) -> Tensor:
    """Maximum of 3x3, stride 2, padded as TensorFlow's SAME, in loops."""
    height, width = x.shape[-2:]
    out = x.new_empty(*x.shape[:2], math.ceil(height / 2), math.ceil(width / 2))
    # an even side is padded at its end alone
    top, left = height % 2, width % 2
    for i in range(out.shape[-2]):
        for j in range(out.shape[-1]):
            r, c = 2 * i - top, 2 * j - left
            window = x[..., max(r, 0) : r + 3, max(c, 0) : c + 3]
            out[..., i, j] = window.amax((-2, -1))
    return out


def beside(x: Tensor, conv: nn.Module) -> Tensor:
    if isinstance(conv, nn.Identity):
        return x
    weights = conv[0].weight[:, :, 0, 0]
    mixed = torch.einsum('oc,bchw->bohw', weights, x)
    return norm(mixed + conv[0].bias[:, None, None], conv[1])


def reference(neck: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    """The whole pyramid of six levels, every node written out."""
    p = list(inputs)
    p.append(down(beside(p[3], neck.extra)))
    p.append(down(p[4]))
    for layer in neck.layers:
        q = [beside(x, conv) for x, conv in zip(p, layer.down_laterals)]
        td = {5: q[5]}
        for i in (4, 3, 2, 1, 0):
            td[i] = fuse([q[i], up(td[i + 1], q[i].shape[-2:])], layer.down[i])
        out = [td[0]]
        for i in (1, 2, 3, 4):
            again = beside(p[i], layer.up_laterals[i - 1])
            out.append(fuse([down(out[-1]), again, td[i]], layer.up[i - 1]))
        out.append(fuse([down(out[-1]), q[5]], layer.up[4]))
        p = out
    return p


def test_pyramid_is_the_papers() -> None:
    neck = randomised(BiFPN(CHANNELS, channels=8, num_layers=2))
    with torch.no_grad():
        found, expected = neck(maps()), reference(neck, maps())
    assert [tuple(x.shape[1:]) for x in found] == [
        (8, *size) for size in (*SIZES, (2, 2), (1, 1))
    ]
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('num_outs', [1, 3])
def test_unwanted_sums_are_not_built(num_outs: int) -> None:
    whole = randomised(BiFPN(CHANNELS, channels=8, num_layers=2))
    part = BiFPN(CHANNELS, channels=8, num_layers=2, num_outs=num_outs).eval()
    part.load_state_dict(
        {k: v for k, v in whole.state_dict().items() if k in part.state_dict()}
    )
    with torch.no_grad():
        for a, b in zip(part(maps()), whole(maps())):
            torch.testing.assert_close(a, b)
    part.train()
    sum(x.sum() for x in part(maps())).backward()
    assert all(p.grad is not None for p in part.parameters())


def test_weights_start_equal_and_negative_ones_do_not_count() -> None:
    node = WeightedFusion(4, 3).eval()
    assert node.weights.tolist() == [1, 1, 1]
    a, b = torch.randn(2, 1, 4, 5, 6)
    with torch.no_grad():
        node.weights.copy_(torch.tensor([-2.0, 0.0, 0.0]))
        torch.testing.assert_close(node([a, b, b]), node([b, a, a]))
        node.weights.copy_(torch.tensor([3.0, -1.0, 1.0]))
        mean = (3 * a + b) / (4 + 1e-4)
        torch.testing.assert_close(node([a, a * 9, b]), node.conv(F.silu(mean)))


def test_shrinking() -> None:
    for size in ((1, 1), (2, 3), (6, 7), (8, 8)):
        x = torch.randn(1, 2, *size)
        assert torch.equal(halve(x), down(x))
    # a network that rounds down: windows are spread over the map
    x = torch.randn(1, 2, 7, 9)
    assert shrink(x, (4, 5)).shape == (1, 2, 4, 5)
    assert torch.equal(shrink(x, (3, 4)), F.adaptive_max_pool2d(x, (3, 4)))


def test_head() -> None:
    ce = [dict(type='CrossEntropyLoss')]
    head = BiFPNSegHead(8, channels=12, num_convs=2, num_classes=5, loss_decode=ce)
    randomised(head)
    x = torch.randn(2, 8, 9, 13)
    expected = x
    for conv in (head.convs[0], head.convs[2]):
        depth, point, bn = conv
        kernel = point.weight * depth.weight.transpose(0, 1)
        expected = norm(F.conv2d(expected, kernel, point.bias, padding=1), bn)
        expected = expected / (1 + (-expected).exp())
    expected = F.conv2d(expected, head.conv_seg.weight, head.conv_seg.bias)
    torch.testing.assert_close(head([x]), expected, atol=1e-5, rtol=1e-4)


def segmentor(mode: str = 'whole', loss_decode: list[dict] | None = None) -> nn.Module:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    head = dict(type='BiFPNSegHead', in_channels=16, channels=24, num_classes=5)
    head['loss_decode'] = loss_decode or [dict(type='CrossEntropyLoss')]
    neck = dict(type='BiFPN', in_channels=[24, 40, 112, 320], channels=16)
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder',
            backbone=dict(type='TrimmedEfficientNet', arch='b0'),
            neck=neck | dict(num_layers=2, num_outs=1),
            decode_head=head,
            test_cfg=dict(mode=mode, crop_size=(96, 96), stride=(64, 64)),
        )
    )


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_and_travels(mode: str) -> None:
    model, other = segmentor(mode).eval(), segmentor(mode).eval()
    model.init_weights()
    other.load_state_dict(model.state_dict())
    for size in ((96, 96), (50, 231)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        image = torch.randn(1, 3, *size)
        with torch.no_grad():
            out = model.inference(image, [meta])
            assert torch.equal(out, other.inference(image, [meta]))
        assert out.shape == (1, 5, *size)


def test_trains_under_bfloat16_with_any_losses() -> None:
    iou = dict(type='IoUCELoss', loss_name='loss_iou')
    model = segmentor(loss_decode=[dict(type='CrossEntropyLoss'), iou])
    model.init_weights()
    model.train()
    label = torch.randint(0, 5, (2, 1, 90, 77))
    batch = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model.loss(torch.randn(2, 3, 90, 77), batch)
    total = found['decode.loss_ce'] + found['decode.loss_iou']
    total.backward()
    assert total.isfinite()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_statistics_can_be_kept() -> None:
    model = TrimmedEfficientNet('b0', norm_eval=True).train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) > 40 and not any(m.training for m in norms)
    assert model.layers[1].training


def test_refuses() -> None:
    with pytest.raises(ValueError, match='num_layers must be positive'):
        BiFPN(CHANNELS, 8, num_layers=0)
    with pytest.raises(ValueError, match=r'got 7 and 6'):
        BiFPN(CHANNELS, 8, num_layers=1, num_outs=7)
    with pytest.raises(ValueError, match='out_indices must be from 0 to 5'):
        TrimmedEfficientNet('b0', out_indices=(6,))
    with pytest.raises(ValueError, match='num_convs must be positive, got 0'):
        BiFPNSegHead(8, channels=8, num_convs=0, num_classes=5)
