"""SegNeXt: attention and decomposition by other means, and steady predictions."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.models.backbones.mscan import MSCABlock
from mmseg.models.decode_heads.ham_head import NMF2D
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.models.layers.steady_nmf import SteadyNMF

STEM = 'configs/segnext/segnext_mscan'
MSCAN = dict(type='MSCAN', embed_dims=[8, 16, 24, 32], depths=[1, 1, 1, 1])
MSCAN |= dict(norm_cfg=dict(type='BN'))
HEAD = dict(type='SteadyLightHamHead', in_channels=[16, 24, 32], in_index=[1, 2, 3])
HEAD |= dict(channels=16, ham_channels=16, ham_kwargs=dict(MD_R=4), num_classes=5)
HEAD |= dict(norm_cfg=dict(type='GN', num_groups=4))
HEAD |= dict(loss_decode=[dict(type='CrossEntropyLoss')])


def randomised(model: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith('running_var'):
            nn.init.uniform_(value, 0.5, 2.0)
        elif value.is_floating_point():
            nn.init.normal_(value, std=0.3)
    return model.eval()


def strip(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve each channel with its own kernel, shifted map by shifted map."""
    height, width = weight.shape[-2:]
    padded = F.pad(x, (width // 2, width // 2, height // 2, height // 2))
    out = bias[:, None, None].expand_as(x).clone()
    for i in range(height):
        for j in range(width):
            shifted = padded[..., i : i + x.shape[-2], j : j + x.shape[-1]]
            out += weight[:, 0, i, j, None, None] * shifted
    return out


def test_block_is_the_papers() -> None:
    """Equations 1 and 2: strips of 7, 11 and 21 beside a kernel of 5 x 5."""
    block = randomised(MSCABlock(6, mlp_ratio=2.0, norm_cfg=dict(type='BN')))
    state = dict(block.state_dict())
    x = torch.randn(2, 6, 9, 12)

    def norm(y: Tensor, name: str) -> Tensor:
        columns = (state[f'{name}.{k}'] for k in ('running_mean', 'running_var'))
        mean, var = (c[:, None, None] for c in columns)
        scale, shift = (state[f'{name}.{k}'][:, None, None] for k in ('weight', 'bias'))
        return (y - mean) / (var + 1e-5).sqrt() * scale + shift

    def mix(y: Tensor, name: str) -> Tensor:
        weight, bias = state[f'{name}.weight'][:, :, 0, 0], state[f'{name}.bias']
        return torch.einsum('oc,bchw->bohw', weight, y) + bias[:, None, None]

    def depthwise(y: Tensor, name: str) -> Tensor:
        return strip(y, state[f'{name}.weight'], state[f'{name}.bias'])

    y = norm(x, 'norm1')
    unit = 'attn.spatial_gating_unit.'
    gated = F.gelu(mix(y, 'attn.proj_1'))
    base = depthwise(gated, f'{unit}conv0')
    total = base
    for i, length in enumerate((7, 11, 21)):
        assert state[f'{unit}conv{i}_1.weight'].shape[-2:] == (1, length)
        total = total + depthwise(
            depthwise(base, f'{unit}conv{i}_1'), f'{unit}conv{i}_2'
        )
    attended = mix(mix(total, f'{unit}conv3') * gated, 'attn.proj_2') + y
    x1 = x + state['layer_scale_1'][:, None, None] * attended
    hidden = depthwise(mix(norm(x1, 'norm2'), 'mlp.fc1'), 'mlp.dwconv')
    x2 = x1 + state['layer_scale_2'][:, None, None] * mix(F.gelu(hidden), 'mlp.fc2')
    found = block(x.flatten(2).mT, 9, 12).mT.view_as(x)
    assert x2.std() > 1
    torch.testing.assert_close(found, x2, atol=1e-5, rtol=1e-4)


def start(ham: SteadyNMF, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the first bases, (C, R), and coefficients, (N, R), of one map."""
    bases = ham._build_bases(1, 1, x.shape[1], ham.R)[0].double()
    coef = (x[0].flatten(1).double().T @ bases).softmax(-1)
    return bases.numpy(), coef.numpy()


def test_decomposition_is_lee_and_seungs() -> None:
    """Multiplicative updates, entry by entry; the coefficients close."""
    ham = SteadyNMF(dict(MD_R=3, eval_steps=4)).eval()
    x = torch.rand(1, 6, 2, 4)
    bases, coef = start(ham, x)
    data = x[0].flatten(1).double().numpy()

    def updated(coef: np.ndarray, bases: np.ndarray, data: np.ndarray) -> np.ndarray:
        new = coef.copy()
        for n in range(len(coef)):
            for r in range(coef.shape[1]):
                above = sum(data[c, n] * bases[c, r] for c in range(len(bases)))
                approx = bases @ coef[n]
                below = sum(approx[c] * bases[c, r] for c in range(len(bases)))
                new[n, r] = coef[n, r] * above / (below + 1e-6)
        return new

    for _ in range(4):
        coef = updated(coef, bases, data)
        bases = updated(bases, coef, data.T)
    coef = updated(coef, bases, data)
    found = ham(x)[0].flatten(1).numpy()
    np.testing.assert_allclose(found, bases @ coef.T, rtol=1e-4)


def test_decomposition_is_scikit_learns() -> None:
    decomposition = pytest.importorskip('sklearn.decomposition')
    ham = SteadyNMF(dict(MD_R=8, eval_steps=7)).eval()
    x = torch.rand(1, 32, 9, 13)
    bases, coef = start(ham, x)
    data = x[0].flatten(1).double().numpy().T
    options = dict(n_components=8, init='custom', solver='mu', tol=0)

    def step(coef: np.ndarray, bases: np.ndarray, steps: int) -> tuple:
        return decomposition.non_negative_factorization(
            data, coef.copy(), bases.T.copy(), max_iter=steps, **options
        )

    coef, components, _ = step(coef, bases, 7)
    coef, *_ = step(coef, components.T, 1)
    found = ham(x)[0].flatten(1).numpy().T
    expected = coef @ components
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    # and it says something about the map
    assert np.square(data - expected).mean() < 0.9 * data.var()


def segmentor(mode: str = 'whole') -> nn.Module:
    """Build a small SegNeXt."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    test = dict(mode=mode, crop_size=(64, 64), stride=(42, 42))
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder', backbone=MSCAN, decode_head=HEAD, test_cfg=test
        )
    )


def test_an_image_has_one_prediction() -> None:
    """Whatever came before, beside it in the batch, or the seed of the process."""
    model = randomised(segmentor())
    images = torch.randn(3, 3, 64, 96)
    with torch.no_grad():
        batch = model(images, mode='tensor')
        torch.manual_seed(7)
        assert torch.equal(model(images, mode='tensor'), batch)
        for i in range(3):
            alone = model(images[i : i + 1], mode='tensor')
            torch.testing.assert_close(alone[0], batch[i], atol=1e-5, rtol=1e-4)
        model.decode_head.hamburger.ham = NMF2D(dict(MD_R=4))  # the parent's
        stock = [model(images, mode='tensor') for _ in range(2)]
    assert not torch.equal(*stock)


def test_training_draws_anew() -> None:
    ham = SteadyNMF(dict(MD_R=4)).train()
    x = torch.rand(2, 8, 5, 6)
    assert not torch.equal(ham(x), ham(x))
    one, other = ham._build_bases(2, 1, 8, 4)
    assert not torch.equal(one, other)
    assert not list(ham.state_dict())


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
    kinds = []
    ham = model.decode_head.hamburger.ham
    ham.register_forward_hook(lambda _, x, y: kinds.extend((x[0].dtype, y.dtype)))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples)
    assert kinds == [torch.bfloat16] * 2
    losses['decode.loss_ce'].backward()
    # the first map serves the later ones, but its own norm nothing
    unused = {'backbone.norm1.weight', 'backbone.norm1.bias'}
    for name, parameter in model.named_parameters():
        if name not in unused:
            assert parameter.grad.isfinite().all() and parameter.grad.any(), name
    other = segmentor().eval()
    other.load_state_dict(model.eval().state_dict())
    with torch.no_grad():
        assert torch.equal(*(m(image, mode='tensor') for m in (model, other)))


# Millions of parameters with ADE20K's 150 classes (the paper, table 3).
@pytest.mark.parametrize(
    'size, millions', [('t', 4.3), ('s', 13.9), ('b', 27.6), ('l', 48.9)]
)
def test_parameters_are_the_papers(size: str, millions: float, project: Path) -> None:
    name = f'{STEM}-{size}_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / name, from_scratch=True)
    cfg.model.decode_head.update(num_classes=150)
    model = build_model(cfg, 'meta')
    count = sum(p.numel() for p in model.parameters()) / 1e6
    # the paper rounds to one decimal
    assert count == pytest.approx(millions, abs=max(0.005 * millions, 0.05))
    names = {type(m).__name__ for m in model.modules() if 'Norm' in type(m).__name__}
    assert names == {'BatchNorm2d', 'LayerNorm', 'GroupNorm'}


def test_recipe(project: Path) -> None:
    """Norms see no decay; the head learns ten times as fast as the backbone."""
    name = f'{STEM}-t_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / name, from_scratch=True)
    model = build_model(cfg, 'meta')
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(p): n for n, p in model.named_parameters()}
    groups = {names[id(p)]: g for g in optimizer.param_groups for p in g['params']}
    rates = {(n.split('.')[0], round(g['lr'], 9)) for n, g in groups.items()}
    assert rates == {('backbone', 6e-5), ('decode_head', 6e-4)}
    assert groups['backbone.block1.0.norm1.weight']['weight_decay'] == 0
    assert groups['backbone.block1.0.mlp.fc1.weight']['weight_decay'] == 0.01
    # the norm of the map that the head does not read
    assert cfg.find_unused_parameters
