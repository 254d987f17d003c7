"""Gradients of depthwise convolutions are those of PyTorch's own."""

import contextlib
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from mmseg_trash.optim_wrappers import depthwise
from mmseg_trash.optim_wrappers.depthwise import FastDepthwise

Kind = Literal['ours', 'bfloat16', 'float32']
Result = tuple[Tensor, ...]


def run(kind: Kind, x: Tensor, layer: nn.Conv2d) -> Result:
    """Return a layer's output and gradients, in double precision."""
    x = x.clone().requires_grad_()
    layer.zero_grad()
    with contextlib.ExitStack() as stack:
        if kind != 'float32':
            stack.enter_context(torch.autocast('cpu', dtype=torch.bfloat16))
        if kind == 'ours':
            stack.enter_context(FastDepthwise())
        y = layer(x)
    # a gradient that bfloat16 can hold, and whose sum is not near 0
    above = torch.cos(torch.arange(y.numel()).float()).add(0.5).bfloat16().float()
    (y.float() * above.view_as(y)).sum().backward()
    grads = [x.grad, *(p.grad for p in layer.parameters())]
    return (y.detach().double(), *(g.double() for g in grads if g is not None))


def near(ours: Result, theirs: Result, tolerance: float) -> None:
    """Compare relative to the largest value of each tensor."""
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= tolerance * b.abs().max(), (a - b).abs().max()


@pytest.fixture()
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Count how often the mode takes a convolution over."""
    found: list[tuple] = []
    apply = depthwise._Depthwise.apply

    def counted(*args: Any) -> Any:
        found.append(args)
        return apply(*args)

    monkeypatch.setattr(depthwise._Depthwise, 'apply', counted)
    return found


@pytest.mark.parametrize('bias', [False, True], ids=['bare', 'bias'])
@pytest.mark.parametrize('padding', range(5))
@pytest.mark.parametrize('dilation', [1, 2])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('kernel', [3, 5, 7])
def test_gradients(
    kernel: int, stride: int, dilation: int, padding: int, bias: bool,
    calls: list[tuple],
) -> None:  # fmt: skip
    """As near to those in float32 as PyTorch's own in bfloat16 are."""
    torch.manual_seed(0)
    x = torch.randn(2, 6, 17, 20).bfloat16().float()
    layer = nn.Conv2d(6, 6, kernel, stride, padding, dilation, groups=6, bias=bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(parameter.bfloat16())
    ours, theirs, exact = (run(k, x, layer) for k in ('ours', 'bfloat16', 'float32'))
    assert len(calls) == 1 and len(ours) == 3 + bias
    near(ours, exact, 1.5e-2)
    near(ours, theirs, 1.5e-2)


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('stride', [(1, 1), (2, 1)], ids=str)
def test_layouts_and_oblong_kernels(
    stride: tuple[int, int], layout: torch.memory_format, calls: list[tuple]
) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 12, 15).to(memory_format=layout)
    layer = nn.Conv2d(4, 4, (3, 5), stride, (0, 2), (2, 1), groups=4)
    layer = layer.to(memory_format=layout)
    near(run('ours', x, layer), run('float32', x, layer), 2e-2)
    assert len(calls) == 1


def test_only_what_needs_a_gradient_gets_one() -> None:
    x, layer = torch.randn(1, 4, 9, 9), nn.Conv2d(4, 4, 3, groups=4, bias=False)
    with torch.autocast('cpu', dtype=torch.bfloat16), FastDepthwise():
        layer(x).sum().backward()
        assert layer.weight.grad is not None and x.grad is None
        layer.requires_grad_(False)
        layer(x.requires_grad_()).sum().backward()
    assert x.grad is not None and x.grad.any()


@pytest.mark.parametrize('layer', [
    nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 16, 3, groups=8),
    nn.Conv2d(8, 8, 3, padding='same', groups=8), nn.Conv2d(1, 1, 3), nn.Linear(9, 2),
    nn.ConvTranspose2d(8, 8, 3, groups=8),
], ids=str)  # fmt: skip
def test_others_pass(layer: Any, calls: list[tuple]) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, getattr(layer, 'in_channels', 8), 9, 9)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        expected = layer(x)
        with FastDepthwise():
            assert torch.equal(layer(x), expected)
    assert not calls


def test_nothing_without_autocast_or_gradients(calls: list[tuple]) -> None:
    layer, x = nn.Conv2d(8, 8, 3, groups=8), torch.randn(2, 8, 9, 9)
    with FastDepthwise():
        assert layer(x).dtype == torch.float32
        with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16):
            assert layer(x).dtype == torch.bfloat16
    assert not calls
    with torch.autocast('cpu', dtype=torch.bfloat16), FastDepthwise():
        assert layer(x).dtype == torch.bfloat16
    assert len(calls) == 1
