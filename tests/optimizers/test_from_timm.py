"""MADGRAD, AdamP and Lion against loops written from their papers."""

import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import OPTIMIZERS
from torch import nn

import mmseg_trash.optim_wrappers
import mmseg_trash.optimizers  # noqa: F401

Array = np.ndarray[Any, np.dtype[np.float64]]
Gradient = Callable[[Array], Array]
STEPS = 12


def madgrad(
    w: Array, gradient: Gradient, lr: float, momentum: float = 0.9, decay: float = 0.0
) -> Array:
    """Algorithm 1 of the paper, with its code's epsilon in the rate too."""
    start, total, squares, eps = w.copy(), 0.0, 0.0, 1e-6
    for k in range(STEPS):
        g = gradient(w) + decay * w
        weight = (lr + eps) * (k + 1) ** 0.5
        total = total + weight * g
        squares = squares + weight * g * g
        z = start - total / (np.cbrt(squares) + eps)
        w = momentum * w + (1 - momentum) * z
    return w


def lion(w: Array, gradient: Gradient, lr: float, decay: float = 0.0) -> Array:
    """Algorithm 2 of the paper."""
    average = np.zeros_like(w)
    for _ in range(STEPS):
        g = gradient(w)
        update = np.sign(0.9 * average + 0.1 * g)
        average = 0.99 * average + 0.01 * g
        w = w - lr * (update + decay * w)
    return w


def _nearly_orthogonal(w: Array, g: Array) -> bool:
    cosines = [
        abs(a @ b) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-8)
        for a, b in zip(w, g)
    ]
    return max(cosines) < 0.1 / w.shape[1] ** 0.5


def adam_p(
    w: Array, gradient: Gradient, lr: float, decay: float = 0.0, seen: Any = None
) -> Array:
    """Algorithm 2 of the paper: per channel, else over the layer, else Adam."""
    first, second = np.zeros_like(w), np.zeros_like(w)
    for k in range(1, STEPS + 1):
        g = gradient(w)
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        move = first / (np.sqrt(second) / (1 - 0.999**k) ** 0.5 + 1e-8)
        ratio, kind = 1.0, 'free'
        if w.ndim > 1:
            for name, shape in (('channel', (len(w), -1)), ('layer', (1, -1))):
                flat = w.reshape(shape)
                if _nearly_orthogonal(flat, g.reshape(shape)):
                    unit = flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-8)
                    part = move.reshape(shape)
                    along = (unit * part).sum(1, keepdims=True)
                    move = (part - along * unit).reshape(w.shape)
                    ratio, kind = 0.1, name
                    break
        if seen is not None:
            seen.append(kind)
        w = w * (1 - lr * decay * ratio) - lr / (1 - 0.9**k) * move
    return w


def bowl(w: Array) -> Array:
    """Gradient of a function with its minimum at 1 and a curve of its own each way."""
    scale = np.linspace(0.5, 3, w.size).reshape(w.shape)
    return scale * (w - 1) + 0.1 * np.sin(5 * w)


def without_radius(rows: bool) -> Gradient:
    """Return a gradient orthogonal to the weights: of each row, or of all together."""

    def gradient(w: Array) -> Array:
        shape = (len(w), -1) if rows else (1, -1)
        flat, g = w.reshape(shape), bowl(w).reshape(shape)
        norm = (flat * flat).sum(1, keepdims=True)
        return (g - (g * flat).sum(1, keepdims=True) / norm * flat).reshape(w.shape)

    return gradient


def run(name: str, w: Array, gradient: Gradient, **options: Any) -> Array:
    parameter = nn.Parameter(torch.from_numpy(w.copy()))
    optimizer = OPTIMIZERS.build(dict(type=name, params=[parameter], **options))
    for _ in range(STEPS):
        parameter.grad = torch.from_numpy(gradient(parameter.detach().numpy()))
        optimizer.step()
    return parameter.detach().numpy()


@pytest.fixture
def weights() -> Array:
    return np.random.default_rng(3).normal(size=(4, 3, 2))


@pytest.mark.parametrize('name, reference, lr', [
    ('MADGRAD', madgrad, 0.02),
    ('AdamP', adam_p, 0.05),
    ('Lion', lion, 0.03),
])  # fmt: skip
@pytest.mark.parametrize('decay', [0.0, 0.2])
def test_as_in_the_paper(
    name: str, reference: Callable[..., Array], lr: float, decay: float, weights: Array
) -> None:
    found = run(name, weights, bowl, lr=lr, weight_decay=decay)
    expected = reference(weights, bowl, lr, decay=decay)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
    assert abs(found - weights).max() > 0.05
    vector = run(name, weights[0, 0], bowl, lr=lr, weight_decay=decay)
    expected = reference(weights[0, 0], bowl, lr, decay=decay)
    np.testing.assert_allclose(vector, expected, rtol=1e-8, atol=1e-9)


def test_madgrad_without_momentum(weights: Array) -> None:
    found = run('MADGRAD', weights, bowl, lr=0.02, momentum=0.0)
    expected = madgrad(weights, bowl, 0.02, momentum=0.0)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize('rows, kind', [(True, 'channel'), (False, 'layer')])
def test_adam_p_projects(rows: bool, kind: str, weights: Array) -> None:
    seen: list[str] = []
    gradient = without_radius(rows)
    expected = adam_p(weights, gradient, 0.05, decay=0.2, seen=seen)
    assert set(seen) == {kind}
    found = run('AdamP', weights, gradient, lr=0.05, weight_decay=0.2)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize('name', ['MADGRAD', 'AdamP', 'Lion'])
def test_in_a_wrapper_with_groups_and_resumed(name: str) -> None:
    init_default_scope('mmseg')
    cfg = dict(
        type='OptimWrapper',
        optimizer=dict(type=name, lr=1e-2, weight_decay=0.1),
        clip_grad=dict(max_norm=1.0),
        accumulative_counts=2,
        paramwise_cfg=dict(
            norm_decay_mult=0.0, custom_keys={'0': dict(lr_mult=0.1, decay_mult=1.0)}
        ),
    )

    def build() -> tuple[nn.Module, Any]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))
        return model, build_optim_wrapper(model, cfg)

    def train(model: nn.Module, wrapper: Any, steps: int) -> None:
        for _ in range(steps):
            output = model(torch.linspace(-1, 1, 150).reshape(2, 3, 5, 5))
            wrapper.update_params((output - 1).square().mean())

    model, wrapper = build()
    assert {g['lr'] for g in wrapper.optimizer.param_groups} == {1e-2, 1e-3}
    assert {g['weight_decay'] for g in wrapper.optimizer.param_groups} == {0.0, 0.1}
    train(model, wrapper, 4)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    saved = deepcopy(wrapper.state_dict())
    resumed, other = build()
    resumed.load_state_dict(weights)
    other.load_state_dict(saved)
    train(model, wrapper, 4)
    train(resumed, other, 4)
    for key, value in model.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key])
    assert not torch.equal(weights['0.weight'], model.state_dict()['0.weight'])


def test_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'timm.optim', None)
    parameter = nn.Parameter(torch.ones(2))
    with pytest.raises(ImportError, match=r'Lion needs timm: pip install'):
        OPTIMIZERS.build(dict(type='Lion', params=[parameter]))
