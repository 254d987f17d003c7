"""MaskDINO's encoder and decoder, against transformers and plain loops."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmseg_trash.models.layers.mask_dino_encoder import MaskDINOEncoder
from mmseg_trash.models.layers.mask_dino_layer import DecoderLayer, RefiningDecoder
from mmseg_trash.models.layers.sine_positions import box_positions

CHANNELS = [8, 12, 16, 20]
SHAPES = [(3, 4), (2, 2)]


def randomise(module: nn.Module, std: float = 0.15) -> None:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=std)


def features(batch: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    sizes = [(16, 20), (8, 10), (4, 5), (2, 3)]
    return [
        torch.randn(batch, c, *s, generator=generator) for c, s in zip(CHANNELS, sizes)
    ]


def test_encoder_is_mask2formers_pixel_decoder() -> None:
    """With three maps the two are the same network; transformers has the other."""
    transformers = pytest.importorskip('transformers')
    hf = pytest.importorskip('transformers.models.mask2former.modeling_mask2former')
    config = transformers.Mask2FormerConfig(
        feature_size=32,
        hidden_dim=32,
        mask_feature_size=16,
        num_attention_heads=4,
        encoder_layers=2,
        encoder_feedforward_dim=48,
        dropout=0.0,
    )
    theirs = hf.Mask2FormerPixelDecoder(config, CHANNELS).eval()
    randomise(theirs)
    ours = MaskDINOEncoder(CHANNELS, 32, 16, heads=4, ffn=48, depth=2)
    names = dict(
        input_projections='input_proj',
        level_embed='transformer.level_embed',
        encoder='transformer.encoder',
        self_attn_layer_norm='norm1',
        final_layer_norm='norm2',
        fc1='linear1',
        fc2='linear2',
        mask_projection='mask_features',
    )
    state = {}
    for key, value in theirs.state_dict().items():
        key = '.'.join(names.get(part, part) for part in key.split('.'))
        for conv in ('adapter_1', 'layer_1'):
            key = key.replace(f'{conv}.0', conv).replace(f'{conv}.1', f'{conv}.norm')
        state[key] = value
    ours.load_state_dict(state)
    with torch.no_grad():
        expected = theirs(features())
        mask, maps = ours(features())
    assert [m.shape[2:] for m in maps] == [(2, 3), (4, 5), (8, 10)]
    assert (mask - expected.mask_features).abs().max() <= 1e-4
    for a, b in zip(maps, expected.multi_scale_features):
        assert (a - b).abs().max() <= 1e-4


@pytest.mark.parametrize('finest_first', [False, True])
def test_more_maps_and_their_order(finest_first: bool) -> None:
    encoder = MaskDINOEncoder(
        CHANNELS, 32, 16, 4, 2, finest_first, heads=4, ffn=16, depth=0
    )
    mask, maps = encoder(features())
    sizes = [(16, 20), (8, 10), (4, 5), (2, 3), (1, 2), (1, 1)]
    assert [m.shape[2:] for m in maps] == (sizes if finest_first else sizes[::-1])
    assert mask.shape == (2, 16, 16, 20)
    # Without layers the maps are the projections of the backbone's.
    finest, coarsest = (maps[0], maps[3]) if finest_first else (maps[-1], maps[2])
    first, last = (0, 3) if finest_first else (3, 0)
    assert torch.equal(finest, encoder.input_proj[first](features()[0]))
    assert torch.equal(coarsest, encoder.input_proj[last](features()[3]))


@pytest.mark.parametrize('blocked', [False, True])
def test_layer_is_that_of_deformable_detr(blocked: bool) -> None:
    transformers = pytest.importorskip('transformers')
    hf = pytest.importorskip(
        'transformers.models.deformable_detr.modeling_deformable_detr'
    )
    config = transformers.DeformableDetrConfig(
        d_model=32,
        decoder_attention_heads=4,
        decoder_n_points=4,
        num_feature_levels=2,
        decoder_ffn_dim=48,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        disable_custom_kernels=True,
    )
    theirs = hf.DeformableDetrDecoderLayer(config).eval()
    randomise(theirs)
    ours = DecoderLayer(32, 2, 4, 48)
    for name, other in dict(
        cross_attn='encoder_attn',
        norm1='encoder_attn_layer_norm',
        norm2='self_attn_layer_norm',
        norm3='final_layer_norm',
        linear1='fc1',
        linear2='fc2',
    ).items():
        getattr(ours, name).load_state_dict(getattr(theirs, other).state_dict())
    own = theirs.self_attn
    parts = (own.q_proj, own.k_proj, own.v_proj)
    ours.self_attn.load_state_dict(dict(
        in_proj_weight=torch.cat([p.weight for p in parts]),
        in_proj_bias=torch.cat([p.bias for p in parts]),
        **{f'out_proj.{k}': v for k, v in own.out_proj.state_dict().items()},
    ))  # fmt: skip
    queries, positions = torch.randn(2, 2, 5, 32)
    boxes, memory = torch.rand(2, 5, 4), torch.randn(2, 16, 32)
    mask = (torch.arange(5) > 2).expand(5, 5) if blocked else None
    if mask is not None:  # theirs knows masks of keys only
        keep = torch.tensor([[1, 1, 1, 0, 0]]).expand(2, -1)
        attend = own.forward
        own.forward = lambda **kw: attend(**{**kw, 'attention_mask': keep})
    with torch.no_grad():
        expected = theirs(
            queries,
            position_embeddings=positions,
            reference_points=boxes[:, :, None].expand(-1, -1, 2, -1),
            spatial_shapes=torch.tensor(SHAPES),
            spatial_shapes_list=SHAPES,
            level_start_index=torch.tensor([0, 12]),
            encoder_hidden_states=memory,
        )[0]
        found = ours(queries, positions, boxes, memory, SHAPES, mask)
    assert (found - expected).abs().max() <= 1e-4


def test_boxes_are_refined_layer_by_layer() -> None:
    """By the equations: b' = sigmoid(shift + logit(b)), gradients one layer back."""
    decoder = RefiningDecoder(32, 2, 4, 16, 3)
    randomise(decoder, 0.3)
    shift, norm = nn.Linear(32, 4), nn.LayerNorm(32)
    queries, memory = torch.randn(1, 3, 32), torch.randn(1, 16, 32)
    anchors = torch.randn(1, 3, 4, requires_grad=True)
    states, boxes = decoder(queries, anchors, memory, SHAPES, shift, norm)
    assert len(states) == len(boxes) == 3
    x, used = queries, anchors.sigmoid()
    kept = used
    for layer, state, box in zip(decoder.layers, states, boxes):
        x = layer(
            x, decoder.ref_point_head(box_positions(used, 16)), used, memory, SHAPES
        )
        torch.testing.assert_close(state, norm(x))
        logit = torch.log(kept / (1 - kept))
        torch.testing.assert_close(
            box, torch.sigmoid(shift(norm(x)) + logit), atol=1e-4, rtol=1e-4
        )
        kept = torch.sigmoid(shift(x) + torch.log(used / (1 - used)))
        used = kept.detach()
    with torch.no_grad():  # layers that change nothing leave boxes alone
        shift.weight.zero_()
        shift.bias.zero_()
    still = decoder(queries, anchors, memory, SHAPES, shift, norm)[1]
    torch.testing.assert_close(still[-1], anchors.sigmoid(), atol=1e-4, rtol=0)


@pytest.mark.parametrize('options, message', [
    (dict(levels=5), '5'),
    (dict(extra_levels=-1), '-1'),
    (dict(channels=48), '48'),
])  # fmt: skip
def test_wrong_encoder_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MaskDINOEncoder(CHANNELS, **options)
