"""Multi-scale deformable attention equals transformers' layers."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from mmseg_trash.models.layers import MSDeformAttn

SHAPES = [(7, 5), (4, 3), (2, 2)]
TOKENS = sum(h * w for h, w in SHAPES)


def inputs(references: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw queries, reference points, values and padding for two images."""
    torch.manual_seed(references)
    query, value = torch.randn(2, 9, 32), torch.randn(2, TOKENS, 32)
    points = 1.2 * torch.rand(2, 9, 3, references) - 0.1
    return query, points, value, torch.rand(2, TOKENS) < 0.2


def layers(kind: str) -> tuple[MSDeformAttn, torch.nn.Module]:
    """Build ours and transformers' with the same random weights."""
    pytest.importorskip('transformers')
    if kind == 'mask2former':
        from transformers.models.mask2former import modeling_mask2former as module

        name = 'Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention'
        theirs = getattr(module, name)(32, 4, 3, 2)
    else:
        from transformers.models.deformable_detr import (
            modeling_deformable_detr as module,
        )

        config = SimpleNamespace(
            d_model=32, num_feature_levels=3, disable_custom_kernels=True
        )
        name = 'DeformableDetrMultiscaleDeformableAttention'
        theirs = getattr(module, name)(config, num_heads=4, n_points=2)
    ours = MSDeformAttn(32, num_levels=3, num_heads=4, num_points=2)
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize('references', [2, 4])
@pytest.mark.parametrize('kind', ['mask2former', 'deformable_detr'])
def test_equals_transformers(kind: str, references: int) -> None:
    ours, theirs = layers(kind)
    query, points, value, padding = inputs(references)
    options = dict(encoder_hidden_states=value, reference_points=points)
    options['spatial_shapes_list'] = SHAPES
    if kind == 'mask2former':
        options['attention_mask'] = padding
    else:
        # There the mask says where the image is.
        options |= dict(attention_mask=~padding, level_start_index=torch.zeros(3))
        options['spatial_shapes'] = torch.tensor(SHAPES)
    expected = theirs(query, **options)[0]
    found = ours(query, points, value, SHAPES, padding)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    grads = []
    for net, out in ((ours, found), (theirs, expected)):
        net.zero_grad()
        out.square().sum().backward()
        grads.append({name: p.grad for name, p in net.named_parameters()})
    for name, grad in grads[0].items():
        bound = 1e-4 * float(grad.abs().max())
        torch.testing.assert_close(grad, grads[1][name], atol=bound, rtol=1e-4)


def test_heads_start_in_eight_directions() -> None:
    layer = MSDeformAttn(16, num_levels=2, num_heads=8, num_points=3)
    offsets = layer.sampling_offsets.bias.view(8, 2, 3, 2)
    for head in range(8):
        x, y = math.cos(head * math.pi / 4), math.sin(head * math.pi / 4)
        expected = torch.tensor([x, y]) / max(abs(x), abs(y))
        for point in range(3):
            for level in range(2):
                found = offsets[head, level, point]
                torch.testing.assert_close(found, expected * (point + 1))
    assert not layer.sampling_offsets.weight.any()
    assert not layer.attention_weights.weight.any()


def test_runs_in_bfloat16() -> None:
    layer = MSDeformAttn(32, num_levels=3, num_heads=4)
    query, points, value, _ = inputs(2)
    with torch.autocast('cpu', torch.bfloat16):
        out = layer(query, points, value, SHAPES)
    exact = layer(query, points, value, SHAPES)
    assert float((out.detach() - exact.detach()).abs().max()) < 0.1


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match='embed_dims 30 is no multiple of num_heads 8'):
        MSDeformAttn(30)
    layer = MSDeformAttn(32, num_levels=3, num_heads=4)
    query, points, value, _ = inputs(2)
    with pytest.raises(ValueError, match='need 2 or 4 numbers, not 3'):
        layer(query, points.repeat(1, 1, 1, 2)[..., :3], value, SHAPES)
    with pytest.raises(ValueError, match='do not make up 50 tokens'):
        layer(query, points, value[:, :50], SHAPES)
