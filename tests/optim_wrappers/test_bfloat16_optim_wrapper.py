"""bfloat16 where the processor has it, float32 where it would be emulated."""

from typing import Any

import pytest
import torch
from torch import nn

from mmseg_trash.optim_wrappers import BFloat16OptimWrapper, bfloat16_optim_wrapper
from mmseg_trash.optim_wrappers.depthwise import FastDepthwise


class Net(nn.Module):
    """A depthwise convolution, a norm and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(8, 8, 5, stride=2, padding=2, groups=8, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.classifier = nn.Conv2d(8, 3, 1)
        self.seen: list[tuple[torch.dtype, bool]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.depthwise(x)
        modes = torch.overrides._get_current_function_mode_stack()
        self.seen.append((y.dtype, any(isinstance(m, FastDepthwise) for m in modes)))
        return self.classifier(self.norm(y).relu())


def wrapper(net: nn.Module, **kwargs: Any) -> BFloat16OptimWrapper:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    return BFloat16OptimWrapper(optimizer=optimizer, **kwargs)


def step(net: Net, optim: BFloat16OptimWrapper, image: torch.Tensor) -> None:
    with optim.optim_context(net):
        loss = net(image).float().square().mean()
    optim.update_params(loss)


@pytest.fixture()
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the wrapper says."""
    words: list[str] = []
    monkeypatch.setattr(
        bfloat16_optim_wrapper, 'print_log', lambda text, **_: words.append(text)
    )
    return words


@pytest.mark.parametrize('has, emulate, expected', [
    (True, False, torch.bfloat16), (False, True, torch.bfloat16),
    (False, False, torch.float32), (True, True, torch.bfloat16),
])  # fmt: skip
def test_type_of_the_processor(
    has: bool, emulate: bool, expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch, told: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(bfloat16_optim_wrapper, 'cpu_has_bfloat16', lambda: has)
    torch.manual_seed(0)
    net = Net()
    optim = wrapper(net, emulate=emulate)
    before = [p.detach().clone() for p in net.parameters()]
    for _ in range(3):
        step(net, optim, torch.randn(2, 8, 12, 12))
    half = expected == torch.bfloat16
    assert net.seen == [(expected, half)] * 3
    assert len(told) == (0 if half else 1)
    assert all('no instructions for bfloat16' in text for text in told)
    for old, new in zip(before, net.parameters()):
        assert new.dtype == torch.float32 and new.isfinite().all()
        assert not torch.equal(old, new)
    net(torch.randn(2, 8, 12, 12))
    assert net.seen[-1] == (torch.float32, False)


def test_float32_is_the_plain_wrapper(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmengine.optim import OptimWrapper

    monkeypatch.setattr(bfloat16_optim_wrapper, 'cpu_has_bfloat16', lambda: False)
    image = torch.randn(2, 8, 12, 12)
    results = []
    for kind in (BFloat16OptimWrapper, OptimWrapper):
        torch.manual_seed(0)
        net = Net()
        optim = kind(optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
        step(net, optim, image)
        results.append(net.state_dict())
    assert all(torch.equal(v, results[1][k]) for k, v in results[0].items())


def test_one_step_is_near_that_of_float32() -> None:
    image = torch.randn(2, 8, 12, 12)
    results = []
    for emulate in (True, None):
        torch.manual_seed(0)
        net = Net()
        optim = wrapper(net, emulate=bool(emulate))
        optim._enabled = emulate is True
        step(net, optim, image)
        results.append(net.state_dict())
    for key, value in results[0].items():
        assert (value - results[1][key]).abs().max() < 0.02, key


def test_processors_with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of three instruction sets; elsewhere than on x86 oneDNN is asked."""

    def has(avx: bool, amx: bool, capability: str, onednn: bool) -> bool:
        cpu = torch.cpu
        monkeypatch.setattr(cpu, '_is_avx512_bf16_supported', lambda: avx)
        monkeypatch.setattr(cpu, '_is_amx_tile_supported', lambda: amx)
        monkeypatch.setattr(
            torch.backends.cpu, 'get_cpu_capability', lambda: capability
        )
        monkeypatch.setattr(
            torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: onednn
        )
        return bfloat16_optim_wrapper.cpu_has_bfloat16()

    assert has(True, False, 'AVX512', True)
    assert has(False, True, 'AVX512', True)
    assert not has(False, False, 'AVX2', True)
    assert not has(False, False, 'DEFAULT', True)
    assert has(False, False, 'SVE256', True)
    assert not has(False, False, 'NO AVX', False)
