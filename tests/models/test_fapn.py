"""FaPN's blocks against their equations; its neck and pixel decoder in models."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmseg_trash.models import FaPN, PixelFANDecoder
from mmseg_trash.models.layers import sampled_deform_conv2d
from mmseg_trash.models.layers.feature_alignment import (
    FeatureAlignment,
    FeatureSelection,
)

SWIN_L = [192, 384, 768, 1536]


def randomised(model: nn.Module) -> nn.Module:
    """Give every parameter other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


def maps(channels: list[int], side: int = 16, batch: int = 2) -> list[Tensor]:
    """Draw the maps of a backbone; odd sizes from the second on."""
    torch.manual_seed(side)
    sizes = [(side, side + 3), (side // 2 + 1, side // 2 + 2)]
    sizes += [(side // 4 + 1, side // 4 + 1), (2, 3)]
    return [torch.randn(batch, c, *s) for c, s in zip(channels, sizes)]


def selection(state: dict[str, Tensor], at: str, x: Tensor) -> Tensor:
    """Write eq. 3 down: W_s (x + sigmoid(W_m mean(x)) x)."""
    attention = state[f'{at}conv_atten.weight'].flatten(1)
    weights = torch.sigmoid(torch.einsum('oc,bc->bo', attention, x.mean((2, 3))))
    total = x + weights[:, :, None, None] * x
    return torch.einsum('oc,bchw->bohw', state[f'{at}conv.weight'].flatten(1), total)


def alignment(
    state: dict[str, Tensor], at: str, fine: Tensor, coarse: Tensor, groups: int
) -> Tensor:
    """Write eq. 2 down: fine + ReLU(DCN(coarse; W [fine, 2 coarse]))."""
    coarse = F.interpolate(coarse, fine.shape[2:], mode='bilinear')
    guide = F.conv2d(torch.cat([fine, 2 * coarse], 1), state[f'{at}offset.weight'])
    if f'{at}norm.weight' in state:
        norm = state[f'{at}norm.weight'], state[f'{at}norm.bias']
        guide = F.group_norm(guide, groups, *norm)
    dcn = {k: state[f'{at}dcpack_L2.{k}'] for k in ('weight', 'bias')}
    guide = F.conv2d(
        guide,
        state[f'{at}dcpack_L2.conv_offset_mask.weight'],
        state[f'{at}dcpack_L2.conv_offset_mask.bias'],
        padding=1,
    )
    # Three parts: the first two are the offsets, the last the weights.
    first, second, third = guide.chunk(3, dim=1)
    offset = torch.cat([first, second], 1)
    out = sampled_deform_conv2d(coarse, offset, third.sigmoid(), **dcn, padding=1)
    return fine + out.relu()


def test_selection_is_its_equation() -> None:
    layer, x = randomised(FeatureSelection(6, 4)), torch.randn(2, 6, 5, 7)
    expected = selection(layer.state_dict(), '', x)
    torch.testing.assert_close(layer(x), expected)


def test_alignment_is_its_equation() -> None:
    layer = randomised(FeatureAlignment(16))
    fine, coarse = torch.randn(2, 16, 9, 7), torch.randn(2, 16, 5, 4)
    expected = alignment(layer.state_dict(), '', fine, coarse, 1)
    torch.testing.assert_close(layer(fine, coarse), expected, atol=1e-5, rtol=1e-5)


def with_identity_kernel(shift: float) -> FeatureAlignment:
    """Build an alignment whose convolution copies what is ``shift`` to the right."""
    layer = FeatureAlignment(8, deform_groups=4)
    with torch.no_grad():
        layer.dcpack_L2.weight.zero_()
        # Samples are weighted by sigmoid(0) = 1/2.
        layer.dcpack_L2.weight[:, :, 1, 1] = 2 * torch.eye(8)
        offsets = layer.dcpack_L2.conv_offset_mask.bias[: 2 * 4 * 9]
        offsets.view(4, 9, 2)[..., 1] = shift
    return layer


def test_alignment_without_offsets_is_the_identity_of_the_sampled_map() -> None:
    fine, coarse = torch.randn(1, 8, 6, 5), torch.randn(1, 8, 6, 5)
    found = with_identity_kernel(0.0)(fine, coarse)
    torch.testing.assert_close(found, coarse.relu() + fine)
    enlarged = F.interpolate(coarse[..., :3, :3], (6, 5), mode='bilinear')
    found = with_identity_kernel(0.0)(fine, coarse[..., :3, :3])
    torch.testing.assert_close(found, enlarged.relu() + fine)


def test_alignment_with_offsets_moves_the_sampled_map() -> None:
    fine, coarse = torch.randn(1, 8, 6, 5), torch.randn(1, 8, 6, 5)
    found = with_identity_kernel(1.0)(fine, coarse)
    moved = F.pad(coarse[..., 1:], (0, 1))
    torch.testing.assert_close(found, moved.relu() + fine)


def test_neck_is_its_equation() -> None:
    neck = randomised(FaPN([6, 10, 12, 20], 16))
    inputs, state = maps([6, 10, 12, 20]), neck.state_dict()

    def conv(at: str, x: Tensor) -> Tensor:
        weight, bias = state[f'{at}.weight'], state[f'{at}.bias']
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)

    x = conv('lateral', inputs[3])
    expected = [x]
    for i in (2, 1, 0):
        fine = selection(state, f'aligns.{i}.lateral_conv.', inputs[i])
        x = alignment(state, f'aligns.{i}.', fine, x, 1)
        expected.insert(0, conv(f'outputs.{i}', x))
    for a, b in zip(neck(inputs), expected, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_a_norm_takes_the_place_of_biases() -> None:
    keys = FaPN([8, 8], 8, norm_cfg=dict(type='BN')).state_dict()
    for layer in ('lateral', 'outputs.0', 'aligns.0.offset'):
        assert f'{layer}.norm.running_mean' in keys
        assert f'{layer}.bias' not in keys


def test_pixel_decoder_is_its_equation() -> None:
    decoder = randomised(PixelFANDecoder([6, 10, 12, 20], 32, 16))
    inputs, state = maps([6, 10, 12, 20]), decoder.state_dict()

    def conv(at: str, x: Tensor, relu: bool = True) -> Tensor:
        weight = state[f'{at}.weight']
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
        x = F.group_norm(x, 32, state[f'{at}.norm.weight'], state[f'{at}.norm.bias'])
        return x.relu() if relu else x

    x = conv('layer_4', inputs[3])
    levels = [x]
    for k in (3, 2, 1):
        fine = conv(f'adapter_{k}', inputs[k - 1], relu=False)
        x = fine + F.interpolate(x, fine.shape[2:], mode='nearest')
        for kind in ('weight', 'bias'):
            state[f'align_{k}.norm.{kind}'] = state[f'layer_{k}.norm.{kind}']
        x = alignment(state, f'align_{k}.', fine, x, 32)
        x = conv(f'layer_{k}', x)
        levels.append(x)
    weights = state['mask_features.weight'], state['mask_features.bias']
    mask_features, found = decoder(inputs)
    torch.testing.assert_close(
        mask_features, F.conv2d(x, *weights, padding=1), atol=1e-4, rtol=1e-4
    )
    assert len(found) == 3
    for a, b in zip(found, levels):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_pixel_decoder_has_the_published_size() -> None:
    with torch.device('meta'):
        decoder = PixelFANDecoder(SWIN_L)
    assert sum(p.numel() for p in decoder.parameters()) == 9_903_240


@pytest.mark.parametrize('head', ['FPNHead', 'UPerHead'])
def test_neck_serves_heads(head: str) -> None:
    init_default_scope('mmseg')
    options = dict(feature_strides=[4, 8, 16, 32]) if head == 'FPNHead' else {}
    norm = dict(type='BN')
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(type='ResNetV1c', depth=18, base_channels=8),
            neck=dict(type='FaPN', in_channels=[8, 16, 32, 64], out_channels=16),
            decode_head=dict(
                type=head,
                in_channels=[16] * 4,
                in_index=[0, 1, 2, 3],
                channels=8,
                num_classes=3,
                norm_cfg=norm,
                **options,
            ),
        )
    )
    model.eval()
    out = model(torch.randn(2, 3, 65, 90), mode='tensor')
    assert out.shape == (2, 3, 17, 23)
    out.square().sum().backward()
    grad = model.neck.aligns[0].dcpack_L2.conv_offset_mask.weight.grad
    assert grad.abs().sum() > 0
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.isfinite(model(torch.randn(1, 3, 64, 64), mode='tensor')).all()


def test_optimizers_take_the_pixel_decoder() -> None:
    """A layer that stands in two places would make the constructor raise."""
    decoder = PixelFANDecoder([6, 10, 12, 20], 32)
    optimizer = dict(type='AdamW', lr=1e-4, weight_decay=0.1)
    wrapper = dict(type='OptimWrapper', optimizer=optimizer)
    wrapper['paramwise_cfg'] = dict(norm_decay_mult=0.0)
    groups = build_optim_wrapper(decoder, wrapper).optimizer.param_groups
    found = [id(p) for group in groups for p in group['params']]
    assert len(found) == len(set(found)) == len(list(decoder.parameters()))


def test_refuses_too_few_maps() -> None:
    with pytest.raises(ValueError, match='in_channels need two maps, got .8.'):
        FaPN([8], 8)
    with pytest.raises(ValueError, match='in_channels need three maps, got .8, 8.'):
        PixelFANDecoder([8, 8], 32)
    with pytest.raises(ValueError, match='got 1 maps, not 2'):
        FaPN([8, 8], 8)([torch.randn(1, 8, 4, 4)])
