"""The plain transformer equals mmseg's, and shrinks as SegViT does."""

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmseg.models.backbones import VisionTransformer
from torch import nn

from mmseg_trash.models import QueryUpsampling, SDPAVisionTransformer
from mmseg_trash.models.backbones.sdpa_vision_transformer import shrink

VIT = dict(img_size=(48, 48), embed_dims=24, num_layers=3, num_heads=2, patch_bias=True)
VIT |= dict(out_indices=(0, 1, 2), with_cls_token=False, patch_size=8)


def randomized(module: nn.Module) -> nn.Module:
    """Give every parameter a random value of about the same size."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    module.eval()
    return module


@pytest.mark.parametrize('size', [(48, 48), (40, 72), (50, 31)], ids=str)
def test_backbone_equals_stock(size: tuple[int, int]) -> None:
    stock = randomized(VisionTransformer(**VIT))
    fast = SDPAVisionTransformer(**VIT).eval()
    fast.load_state_dict(stock.state_dict())
    image = torch.randn(2, 3, *size)
    for a, b in zip(stock(image), fast(image), strict=True):
        torch.testing.assert_close(b, a, atol=1e-5, rtol=1e-4)


def test_positions_follow_the_shape() -> None:
    """36 patches of 4 x 9 are no grid of 6 x 6."""
    fast = randomized(SDPAVisionTransformer(**VIT))
    zero = torch.zeros(1, 37, 24)
    wide = fast._pos_embeding(zero, (4, 9), fast.pos_embed)[:, 1:]
    grid = fast.pos_embed[:, 1:].mT.unflatten(-1, (6, 6))
    expected = F.interpolate(grid, (4, 9), mode='bicubic').flatten(2).mT
    torch.testing.assert_close(wide, expected)


@pytest.mark.parametrize('size', [(6, 6), (5, 8)], ids=str)
def test_shrinking_layer_is_the_layer_at_every_second_place(size: tuple) -> None:
    layer = randomized(SDPAVisionTransformer(**VIT)).layers[1]
    x = torch.randn(2, size[0] * size[1], 24)
    out, smaller = shrink(layer, x, size)
    whole = layer(x).unflatten(1, size)[:, ::2, ::2]
    assert smaller == tuple(whole.shape[1:3])
    torch.testing.assert_close(out, whole.flatten(1, 2), atol=1e-5, rtol=1e-4)


def test_shrunk_backbone() -> None:
    plain = randomized(SDPAVisionTransformer(**VIT))
    shrunk = SDPAVisionTransformer(**VIT, shrink_at=1).eval()
    shrunk.load_state_dict(plain.state_dict())
    image = torch.randn(1, 3, 50, 72)
    outs = shrunk(image)
    assert [tuple(o.shape[2:]) for o in outs] == [(7, 9), (4, 5), (4, 5)]
    whole = plain(image)
    torch.testing.assert_close(outs[0], whole[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(outs[1], whole[1][..., ::2, ::2], atol=1e-5, rtol=1e-4)
    for wrong in (dict(shrink_at=3), dict(shrink_at=1, with_cls_token=True)):
        with pytest.raises(ValueError, match='shrink_at'):
            SDPAVisionTransformer(**VIT | wrong)


def test_neck_is_a_transformer_decoder_over_a_table() -> None:
    neck = randomized(QueryUpsampling(8, 2, grid=(4, 4)))
    large, small = torch.randn(2, 8, 4, 4), torch.randn(2, 8, 2, 2)
    (out,) = neck([large, small])
    x = neck.queries.flatten(2).mT.repeat(2, 1, 1)
    for layer, feature in zip(neck.layers, (large, small)):
        x = x + layer.self_attn(x, x, x)[0]
        x = layer.norm1(x)
        memory = feature.flatten(2).mT
        x = layer.norm2(x + layer.multihead_attn(x, memory, memory)[0])
        x = layer.norm3(x + layer.linear2(layer.linear1(x).relu()))
    torch.testing.assert_close(out, x.mT.unflatten(-1, (4, 4)), atol=1e-5, rtol=1e-4)
    assert neck([torch.randn(1, 8, 3, 7), small[:1]])[0].shape == (1, 8, 3, 7)
    copied = copy.deepcopy(neck)
    copied.load_state_dict(neck.state_dict())


def test_pretrained_weights_of_another_size_load(tmp_path: Path) -> None:
    """Every tensor arrives; the positions are resized to the image's grid."""
    source = randomized(VisionTransformer(**VIT | dict(img_size=(32, 32))))
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'vit.pth')
    init = dict(type='Pretrained', checkpoint=str(tmp_path / 'vit.pth'))
    fast = SDPAVisionTransformer(**VIT, shrink_at=1, init_cfg=init)
    fast.init_weights()
    state = source.state_dict()
    grid = state.pop('pos_embed')[:, 1:].mT.unflatten(-1, (4, 4))
    expected = F.interpolate(grid, (6, 6), mode='bicubic').flatten(2).mT
    torch.testing.assert_close(fast.pos_embed[:, 1:], expected)
    assert all(torch.equal(fast.state_dict()[key], state[key]) for key in state)


@pytest.mark.parametrize('shrink_at', [None, 1])
def test_every_parameter_learns_under_bfloat16(shrink_at: int | None) -> None:
    fast = SDPAVisionTransformer(**VIT, shrink_at=shrink_at)
    fast.init_weights()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = fast(torch.randn(1, 3, 48, 64))[-1]
    out.float().pow(2).sum().backward()
    unused = {n for n, p in fast.named_parameters() if p.grad is None}
    assert unused <= {'cls_token'}
