"""EoMT computes what transformers' does, and its loss too."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.models.layers.mask_classification import mask_targets

transformers = pytest.importorskip('transformers')

CLASSES, QUERIES, BLOCKS = 4, 6, 2
V2 = dict(type='DINOv2', img_size=64, patch_size=16, num_registers=2)
V3 = dict(type='DINOv3', num_registers=2, rope_rescale=None)


def build(mode: str = 'whole', **backbone: Any) -> Any:
    """Build a small EoMT, over DINOv2 unless told otherwise."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    vit = dict(embed_dims=24, num_layers=4, num_heads=2, open_blocks=BLOCKS)
    cfg = dict(
        type='EncoderDecoder',
        backbone={**vit, **(backbone or V2)},
        decode_head=dict(
            type='EoMTHead',
            in_channels=24,
            num_classes=CLASSES,
            num_queries=QUERIES,
            num_blocks=BLOCKS,
            num_points=50,
        ),
        test_cfg=dict(mode=mode, crop_size=(64, 64), stride=(42, 42)),
    )
    return MODELS.build(ConfigDict(cfg)).eval()


def randomised(model: nn.Module) -> Any:
    """Give every parameter other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.fixture
def theirs() -> Any:
    config = transformers.EomtConfig(
        hidden_size=24,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=64,
        patch_size=16,
        num_register_tokens=2,
        num_labels=CLASSES,
        num_queries=QUERIES,
        num_blocks=BLOCKS,
        train_num_points=50,
    )
    return randomised(transformers.EomtForUniversalSegmentation(config))


@pytest.fixture
def same_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every draw of points give the same, whatever was drawn before."""

    def rand(*shape: Any, **kwargs: Any) -> Tensor:
        generator = torch.Generator().manual_seed(3)
        kwargs.pop('device', None)
        return torch.zeros(*shape).uniform_(generator=generator)

    monkeypatch.setattr(torch, 'rand', rand)


def image() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def samples(height: int = 64, width: int = 64) -> list[SegDataSample]:
    generator = torch.Generator().manual_seed(2)
    labels = torch.randint(0, CLASSES, (2, 1, 4, 4), generator=generator)
    labels = F.interpolate(labels.float(), (height, width)).long()
    labels[1][labels[1] == 1] = 255
    return [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('prob', [0.0, 0.4, 1.0])
def test_forward_is_that_of_transformers(
    theirs: Any, prob: float, training: bool
) -> None:
    ours = build()
    theirs.attn_mask_probs.fill_(prob)
    if not training:  # ours draws nothing then
        theirs.attn_mask_probs.round_()
    ours.load_state_dict(CONVERTERS['eomt'](theirs.state_dict()))
    ours.decode_head.attn_mask_probs.fill_(prob)
    ours.train(training)
    theirs.train(training)
    with torch.no_grad():
        torch.manual_seed(5)
        expected = theirs(image())
        torch.manual_seed(5)
        classes, masks = ours(image())
    assert len(classes) == len(masks) == (BLOCKS + 1 if training or prob == 1 else 1)
    assert masks[-1].shape == (2, QUERIES, 16, 16)
    for a, b in (
        (classes[-1], expected.class_queries_logits),
        (masks[-1], expected.masks_queries_logits),
    ):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_losses_are_those_of_transformers(theirs: Any, same_points: None) -> None:
    ours = build()
    ours.load_state_dict(CONVERTERS['eomt'](theirs.state_dict()))
    targets = [mask_targets(s.gt_sem_seg.data, CLASSES) for s in samples()]
    expected = theirs(
        image(),
        mask_labels=[masks for masks, _ in targets],
        class_labels=[classes for _, classes in targets],
    ).loss
    losses = ours.loss(image(), samples())
    kinds = ('loss_cls', 'loss_mask', 'loss_dice')
    assert set(losses) == {f'decode.{p}{k}' for p in ('d0.', 'd1.', '') for k in kinds}
    torch.testing.assert_close(
        sum(losses.values()), expected, atol=1e-4, rtol=1e-5, check_dtype=False
    )


def eomt_of_the_authors(state: State) -> State:
    """Write transformers' EoMT as the authors do."""
    vit, result = 'network.encoder.backbone.', {}
    names = {
        'embeddings.cls_token': f'{vit}cls_token',
        'embeddings.register_tokens': f'{vit}reg_token',
        'embeddings.position_embeddings.weight': f'{vit}pos_embed',
        'embeddings.patch_embeddings.projection.': f'{vit}patch_embed.proj.',
        'layers.': f'{vit}blocks.',
        'layernorm.': f'{vit}norm.',
        'query.': 'network.q.',
        'class_predictor.': 'network.class_head.',
        'mask_head.fc1.': 'network.mask_head.0.',
        'mask_head.fc2.': 'network.mask_head.2.',
        'mask_head.fc3.': 'network.mask_head.4.',
        'upscale_block.block.': 'network.upscale.',
        'attn_mask_probs': 'network.attn_mask_probs',
    }
    for old, value in state.items():
        begin = next((b for b in names if old.startswith(b)), '')
        key = names.get(begin, '') + old[len(begin) :]
        key = key.replace('layer_scale', 'ls').replace('.lambda1', '.gamma')
        key = key.replace('attention.out_proj', 'attn.proj')
        key = key.replace('layernorm2d', 'norm')
        if '.attention.q_proj.' in key:
            parts = [state[old.replace('q_proj', f'{n}_proj')] for n in 'qkv']
            key, value = key.replace('attention.q_proj', 'attn.qkv'), torch.cat(parts)
        if not any(f'.attention.{n}_proj.' in key for n in 'kv'):
            result[key] = value[None] if key.endswith('pos_embed') else value
    result['network.encoder.pixel_mean'] = torch.zeros(1, 3, 1, 1)
    result['network.encoder.pixel_std'] = torch.ones(1, 3, 1, 1)
    return result


def test_the_authors_layout(theirs: Any) -> None:
    expected = CONVERTERS['eomt'](theirs.state_dict())
    found = CONVERTERS['eomt'](eomt_of_the_authors(theirs.state_dict()))
    assert set(found) == set(expected) == set(build().state_dict())
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_the_authors_layout_over_dinov3() -> None:
    expected = build(**V3).state_dict()
    written: State = {'criterion.empty_weight': torch.ones(CLASSES + 1)}
    head = {k: v for k, v in expected.items() if k.startswith('decode_head.')}
    for key, value in expected.items():
        if key not in head:
            key = key.replace('backbone.embeddings.', 'backbone.patch_embed.')
            key = key.replace('backbone.layers.', 'backbone.blocks.')
            written[f'network.encoder.{key}'] = value
    bare = {k.removeprefix('decode_head.'): v for k, v in head.items()}
    # the head is written as over DINOv2
    other = eomt_of_the_authors(bare)
    written.update({k: v for k, v in other.items() if 'pixel' not in k})
    found = CONVERTERS['eomt'](written)
    assert set(found) == set(expected)
    assert all(torch.equal(found[k], v) for k, v in expected.items())


@pytest.mark.parametrize('prob', [0.0, 1.0])
def test_over_dinov3(prob: float) -> None:
    """transformers' two models in a plain loop, with masks that are added."""
    ours = randomised(build(**V3))
    ours.decode_head.attn_mask_probs.fill_(prob)
    config = transformers.DINOv3ViTConfig(
        hidden_size=24,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_register_tokens=2,
    )
    vit = transformers.DINOv3ViTModel(config).eval()
    state = {
        k.replace('layers.', 'layer.', 1): v
        for k, v in ours.backbone.state_dict().items()
    }
    assert vit.load_state_dict(state, strict=False).missing_keys == [
        'embeddings.mask_token'
    ]
    head = ours.decode_head

    def predict(tokens: Tensor) -> tuple[Tensor, Tensor]:
        normed = vit.norm(tokens)
        grid = normed[:, QUERIES + 3 :].reshape(2, 3, 5, 24).permute(0, 3, 1, 2)
        grid = head.upscale_block(grid)
        products = head.mask_head(normed[:, :QUERIES]) @ grid.flatten(2)
        return head.class_predictor(normed[:, :QUERIES]), products.view(2, -1, 12, 20)

    x = torch.randn(2, 3, 48, 80)
    with torch.no_grad():
        tokens, rope = vit.embeddings(x), vit.rope_embeddings(x)
        for i, layer in enumerate(vit.layer):
            mask = None
            if i == 2:
                tokens = torch.cat([head.query.weight.expand(2, -1, -1), tokens], 1)
            if i >= 2 and prob:
                small = F.interpolate(predict(tokens)[1], (3, 5), mode='bilinear')
                mask = torch.zeros(2, 1, QUERIES + 18, QUERIES + 18)
                outside = (small <= 0).flatten(2).float()
                mask[:, 0, :QUERIES, QUERIES + 3 :] = -1e9 * outside
            tokens = layer(tokens, mask, rope)
        expected = predict(tokens)
        classes, masks = ours(x)
    for a, b in zip((classes[-1], masks[-1]), expected):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
