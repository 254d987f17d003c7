"""Deformable convolution: two ways agree, with each other and with plain loops."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg_trash.models.layers import (
    GuidedDeformConv2d,
    deform_conv,
    has_deform_conv2d,
    modulated_deform_conv2d,
    sampled_deform_conv2d,
)

DATA = Path(__file__).parents[1] / 'data' / 'deform_conv2d_torchvision0291.npz'
# channels, outputs, groups, deformable groups, kernel, stride, padding, dilation
CASES = [
    (8, 4, 1, 1, (3, 3), 1, 1, 1),
    (8, 8, 2, 4, (3, 3), 2, 1, 2),
    (6, 9, 3, 2, (1, 3), 1, 2, 1),
    (4, 4, 4, 4, (5, 3), 3, 0, 1),
]
needs_operator = pytest.mark.skipif(
    not has_deform_conv2d(), reason='torchvision has no compiled operators'
)


def inputs(case: tuple, size: tuple[int, int] = (9, 7)) -> tuple[list[Tensor], dict]:
    """Draw map, offsets, modulation, weight and bias in double precision."""
    channels, outputs, groups, parts, kernel, stride, padding, dilation = case
    out = [
        (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for n, k in zip(size, kernel)
    ]
    taps = math.prod(kernel)
    torch.manual_seed(taps)
    tensors = [
        torch.randn(2, channels, *size),
        # some samples leave the map by several pixels
        2.5 * torch.randn(2, 2 * parts * taps, *out),
        torch.rand(2, parts * taps, *out),
        torch.randn(outputs, channels // groups, *kernel),
        torch.randn(outputs),
    ]
    options = dict(stride=stride, padding=padding, dilation=dilation)
    return [t.double() for t in tensors], options


def loops(tensors: list[Tensor], stride: int, padding: int, dilation: int) -> Tensor:
    """Write eq. 1 of DCNv2 down sample by sample."""
    x, offset, modulation, weight, bias = (t.numpy() for t in tensors)
    batch, channels, height, width = x.shape
    outputs, per_group, tall, wide = weight.shape
    parts = modulation.shape[1] // (tall * wide)
    rows, columns = offset.shape[2:]
    result = np.tile(bias[None, :, None, None], (batch, 1, rows, columns))
    for b, o, i, j in np.ndindex(batch, outputs, rows, columns):
        group = o // (outputs * per_group // channels)
        for c, s, t in np.ndindex(per_group, tall, wide):
            channel = group * per_group + c
            part = channel // (channels // parts)
            n = part * tall * wide + s * wide + t
            y = i * stride - padding + s * dilation + offset[b, 2 * n, i, j]
            z = j * stride - padding + t * dilation + offset[b, 2 * n + 1, i, j]
            value = 0.0
            for q in (math.floor(y), math.floor(y) + 1):
                for r in (math.floor(z), math.floor(z) + 1):
                    if 0 <= q < height and 0 <= r < width:
                        share = (1 - abs(y - q)) * (1 - abs(z - r))
                        value += share * x[b, channel, q, r]
            result[b, o, i, j] += weight[o, c, s, t] * value * modulation[b, n, i, j]
    return torch.from_numpy(result)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_equals_plain_loops(case: tuple) -> None:
    tensors, options = inputs(case, (6, 5))
    expected = loops(tensors, **options)
    for function in (sampled_deform_conv2d, modulated_deform_conv2d):
        torch.testing.assert_close(function(*tensors, **options), expected)


@needs_operator
@pytest.mark.parametrize('case', CASES, ids=str)
def test_both_ways_agree_with_gradients(case: tuple) -> None:
    results = []
    for function in (sampled_deform_conv2d, modulated_deform_conv2d):
        leaves, options = inputs(case)
        leaves = [t.requires_grad_() for t in leaves]
        out = function(*leaves, **options)
        out.mul(torch.arange(out.numel()).view_as(out).sin()).sum().backward()
        results.append([out.detach(), *(t.grad for t in leaves)])
    for found, expected in zip(*results):
        assert expected.any()
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-8)


def test_equals_stored_numbers_of_torchvision() -> None:
    golden = np.load(DATA)
    for n in range(2):
        names = ('x', 'offset', 'mask', 'w', 'b', 'out')
        *tensors, expected = (torch.from_numpy(golden[f'{n}_{k}']) for k in names)
        kernel, stride, padding, dilation, *_ = golden[f'{n}_cfg'].tolist()
        assert tensors[3].shape[-1] == kernel
        options = dict(stride=stride, padding=padding, dilation=dilation)
        for function in (sampled_deform_conv2d, modulated_deform_conv2d):
            found = function(*tensors, **options)
            torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def test_without_offsets_it_is_a_convolution() -> None:
    (x, offset, _, weight, bias), options = inputs(CASES[1])
    found = modulated_deform_conv2d(x, 0 * offset, None, weight, bias, **options)
    expected = F.conv2d(x, weight, bias, groups=2, **options)
    torch.testing.assert_close(found, expected)


def test_falls_back_without_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors, options = inputs(CASES[0])
    expected = modulated_deform_conv2d(*tensors, **options)
    real = deform_conv.importlib.import_module

    def broken(name: str) -> object:
        """Fail as a torchvision of another torch does."""
        if name.startswith('torchvision'):
            raise RuntimeError('operator torchvision::nms does not exist')
        return real(name)

    monkeypatch.setattr(deform_conv.importlib, 'import_module', broken)
    assert not has_deform_conv2d()
    torch.testing.assert_close(modulated_deform_conv2d(*tensors, **options), expected)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_and_autocast(dtype: torch.dtype) -> None:
    tensors, options = inputs(CASES[0])
    exact = modulated_deform_conv2d(*tensors, **options)
    out = modulated_deform_conv2d(*(t.to(dtype) for t in tensors), **options)
    assert out.dtype == dtype
    assert float((out - exact).abs().mean()) < 0.05
    layer = GuidedDeformConv2d(8, 8)
    x = torch.randn(1, 8, 5, 5)
    with torch.autocast('cpu', torch.bfloat16):
        layer(x, x).float().sum().backward()
    assert layer.conv_offset_mask.weight.grad.abs().sum() > 0


def test_guided_layer_starts_as_half_a_convolution() -> None:
    torch.manual_seed(0)
    layer = GuidedDeformConv2d(8, 6, deform_groups=4)
    x, guide = torch.randn(2, 1, 8, 9, 7).unbind()
    expected = F.conv2d(x, layer.weight / 2, layer.bias, padding=1)
    torch.testing.assert_close(layer(x, guide), expected)
    assert set(layer.state_dict()) == {
        'weight', 'bias', 'conv_offset_mask.weight', 'conv_offset_mask.bias',
    }  # fmt: skip


@pytest.mark.parametrize('change, words', [
    ({3: (4, 3, 3, 3)}, 'does not fit 8 channels'),
    ({1: (2, 20, 9, 7)}, 'offset has 20 channels, expected 2 \\* 9'),
    ({1: (2, 18, 8, 7)}, 'does not fit the output .9, 7.'),
    ({2: (2, 8, 9, 7)}, 'modulation has to be .2, 9, 9, 7., not .2, 8, 9, 7.'),
])  # fmt: skip
def test_refuses_shapes_that_do_not_belong_together(
    change: dict[int, tuple[int, ...]], words: str
) -> None:
    tensors, options = inputs(CASES[0])
    for index, shape in change.items():
        tensors[index] = torch.zeros(shape)
    with pytest.raises(ValueError, match=words):
        modulated_deform_conv2d(*tensors, **options)
    with pytest.raises(ValueError, match='in_channels 9 is no multiple'):
        GuidedDeformConv2d(9, 8)
    with pytest.raises(ValueError, match='kernel_size has to be odd, not 2'):
        GuidedDeformConv2d(8, 8, kernel_size=2)
