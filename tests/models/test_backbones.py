"""The fast backbones give what the stock ones give, forward and backward."""

import copy

import pytest
import torch
from mmseg.models.backbones import MixVisionTransformer, SwinTransformer
from mmseg.registry import MODELS
from torch import nn

from mmseg_trash.models import SDPAMixVisionTransformer, SDPASwinTransformer
from mmseg_trash.models.layers import (
    SDPAEfficientAttention,
    SDPAWindowAttention,
    adopt,
)

MIT = dict(embed_dims=16, num_layers=[1, 2, 1, 1], num_heads=[1, 2, 5, 8])
SWIN = dict(embed_dims=16, depths=(2, 2), num_heads=(2, 4), out_indices=(0, 1))
SWIN |= dict(strides=(4, 2), drop_path_rate=0.0)
CASES = {
    'mit': (MixVisionTransformer, SDPAMixVisionTransformer, MIT),
    'mit-nobias': (
        MixVisionTransformer,
        SDPAMixVisionTransformer,
        MIT | {'qkv_bias': 0},
    ),
    'mit-cp': (MixVisionTransformer, SDPAMixVisionTransformer, MIT | {'with_cp': True}),
    'swin-w7': (SwinTransformer, SDPASwinTransformer, SWIN | {'window_size': 7}),
    'swin-w12': (SwinTransformer, SDPASwinTransformer, SWIN | {'window_size': 12}),
    'swin-scale': (SwinTransformer, SDPASwinTransformer, SWIN | {'qk_scale': 0.3}),
    'swin-cp': (SwinTransformer, SDPASwinTransformer, SWIN | {'with_cp': True}),
}


def pair(case: str) -> tuple[nn.Module, nn.Module]:
    """Build the stock and the fast backbone with the same weights, none of them 0."""
    stock_type, fast_type, options = CASES[case]
    torch.manual_seed(0)
    stock = stock_type(**options)
    for parameter in stock.parameters():
        nn.init.normal_(parameter, std=0.2)
    fast = fast_type(**options)
    fast.load_state_dict(stock.state_dict())
    return stock, fast


# 65x91 and 50x70 are no multiples of a stride or a window: Swin pads, and shifts.
@pytest.mark.parametrize('size', [(2, 64, 64), (1, 65, 91), (3, 50, 70)], ids=str)
@pytest.mark.parametrize('case', CASES)
def test_equals_stock_forward_and_backward(
    case: str, size: tuple[int, int, int]
) -> None:
    batch, height, width = size
    stock, fast = pair(case)
    image = torch.randn(batch, 3, height, width)
    results = []
    for net in (stock, fast):
        x = image.clone().requires_grad_()
        outs = net(x)
        generator = torch.Generator().manual_seed(1)
        weights = [torch.randn(o.shape, generator=generator) for o in outs]
        sum((o * w).sum() for o, w in zip(outs, weights)).backward()
        grads = {n: p.grad for n, p in net.named_parameters()}
        results.append((outs, x.grad, grads))
    (outs_a, x_a, grads_a), (outs_b, x_b, grads_b) = results
    for a, b in zip(outs_a, outs_b, strict=True):
        torch.testing.assert_close(b, a, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(x_b, x_a, atol=1e-4 * float(x_a.abs().max()), rtol=1e-3)
    for name, grad in grads_a.items():
        assert grad is not None and grads_b[name] is not None, name
        bound = 1e-4 * float(grad.abs().max()) + 1e-5
        torch.testing.assert_close(grads_b[name], grad, atol=bound, rtol=1e-3, msg=name)


@pytest.mark.parametrize('case', CASES)
def test_equals_stock_without_gradients(case: str) -> None:
    """Inference takes another way than training where the kernel allows it."""
    stock, fast = pair(case)
    image = torch.randn(2, 3, 65, 91)
    stock.eval()
    with torch.no_grad():
        for a, b in zip(stock(image), fast.eval()(image), strict=True):
            torch.testing.assert_close(b, a, atol=1e-5, rtol=1e-4)


def test_shift_mask_matters() -> None:
    """Without the mask, the comparison above would fail: it does test the mask."""
    _, fast = pair('swin-w7')
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        masked = fast(image)
        for block in fast.modules():
            if isinstance(block, SDPAWindowAttention):
                block.mask_gain = 0.0
        assert (fast(image)[1] - masked[1]).abs().max() > 1e-3


@pytest.mark.parametrize('case', ['mit', 'swin-w7'])
def test_weights_travel_both_ways(case: str) -> None:
    stock, fast = pair(case)
    assert list(stock.state_dict()) == list(fast.state_dict())
    stock.load_state_dict(fast.state_dict(), strict=True)
    fast.load_state_dict(stock.state_dict(), strict=True)


@pytest.mark.parametrize('case', ['mit', 'swin-w7'])
def test_same_seed_same_start(case: str) -> None:
    stock_type, fast_type, options = CASES[case]
    starts = []
    for kind in (stock_type, fast_type):
        torch.manual_seed(3)
        net = kind(**options)
        net.init_weights()
        starts.append(net.state_dict())
    assert all(torch.equal(starts[0][key], starts[1][key]) for key in starts[0])


@pytest.mark.parametrize(
    ('case', 'checkpoint_window'), [('swin-w12', 7), ('swin-w7', 7), ('mit', 0)]
)
def test_pretrained_weights_of_stock_load(
    case: str, checkpoint_window: int, tmp_path
) -> None:
    """Swin's own loader runs: it resizes the bias tables of another window."""
    stock_type, fast_type, options = CASES[case]
    window = {'window_size': checkpoint_window} if checkpoint_window else {}
    torch.manual_seed(5)
    source = stock_type(**(options | window))
    source.init_weights()
    file = tmp_path / 'stock.pth'
    # published files leave the index out, which follows from the window
    weights = source.state_dict()
    weights = {k: v for k, v in weights.items() if 'position_index' not in k}
    torch.save({'state_dict': weights}, file)
    init_cfg = dict(type='Pretrained', checkpoint=str(file))
    fast = fast_type(**options, init_cfg=copy.deepcopy(init_cfg))
    stock = stock_type(**options, init_cfg=copy.deepcopy(init_cfg))
    for net in (fast, stock):
        net.init_weights()
    for (name, a), b in zip(stock.state_dict().items(), fast.state_dict().values()):
        assert torch.equal(a, b), name
    key = 'stages.0.blocks.0.ffn.layers.1.weight'
    key = key if key in fast.state_dict() else 'layers.0.1.0.attn.attn.in_proj_weight'
    assert torch.equal(fast.state_dict()[key], source.state_dict()[key])


@pytest.mark.parametrize('case', ['mit', 'swin-w7'])
def test_modes_return_the_module(case: str) -> None:
    _, fast = pair(case)
    assert fast.eval() is fast
    assert not fast.training
    assert fast.train() is fast
    assert fast.training


@pytest.mark.parametrize('case', ['mit', 'swin-w7', 'swin-w12'])
@pytest.mark.parametrize('grad', [True, False])
def test_bfloat16_autocast(case: str, grad: bool) -> None:
    stock, fast = pair(case)
    for net in (stock, fast):
        # 0.2 makes activations so large that bfloat16 tells little
        net.init_weights()
    fast.load_state_dict(stock.state_dict())
    image = torch.randn(1, 3, 64, 96)
    with torch.set_grad_enabled(grad):
        reference = stock(image)[-1]
        with torch.autocast('cpu', dtype=torch.bfloat16):
            out = fast(image)[-1]
    assert torch.isfinite(out).all()
    assert (out.float() - reference).abs().mean() < 0.1 * reference.abs().mean()


@pytest.mark.parametrize('grad', [True, False])
@pytest.mark.parametrize(
    ('case', 'block'),
    [('mit', SDPAEfficientAttention), ('swin-w7', SDPAWindowAttention)],
)
def test_attention_dropout_only_in_training(case: str, block: type, grad: bool) -> None:
    _, fast_type, options = CASES[case]
    fast = fast_type(**options, attn_drop_rate=0.5)
    assert any(isinstance(m, block) for m in fast.modules())
    image = torch.randn(1, 3, 64, 64)
    with torch.set_grad_enabled(grad):
        assert not torch.equal(fast(image)[-1], fast(image)[-1])
        fast.eval()
        assert torch.equal(fast(image)[-1], fast(image)[-1])


def test_registered() -> None:
    for kind in (SDPAMixVisionTransformer, SDPASwinTransformer):
        assert MODELS.get(kind.__name__) is kind


def test_frozen_stages_stay_frozen() -> None:
    fast = SDPASwinTransformer(**SWIN, frozen_stages=1).train()
    assert not fast.patch_embed.training
    assert fast.stages[1].training


def test_adopt_refuses() -> None:
    with pytest.raises(TypeError, match='Linear is no subclass of Conv2d'):
        adopt(nn.Sequential(), nn.Conv2d, nn.Linear)
    with pytest.raises(ValueError, match='Sequential holds no Module'):
        adopt(nn.Sequential(nn.Identity()), nn.Module, nn.Linear)
