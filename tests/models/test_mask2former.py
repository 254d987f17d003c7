"""Mask2Former against transformers' own model, with the same weights."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.models.layers.mask_classification import mask_targets

transformers = pytest.importorskip('transformers')

EMBED, DEPTHS, HEADS, CLASSES = 12, (2, 1, 2, 1), (1, 2, 3, 4), 5
META = dict(img_shape=(64, 96), ori_shape=(64, 96), pad_shape=(64, 96))


def theirs() -> nn.Module:
    """Build transformers' model with random parameters."""
    stages = [f'stage{i}' for i in range(1, 5)]
    backbone = transformers.SwinConfig(
        embed_dim=EMBED,
        depths=list(DEPTHS),
        num_heads=list(HEADS),
        window_size=7,
        out_features=stages,
    )
    config = transformers.Mask2FormerConfig(
        backbone_config=backbone,
        num_labels=CLASSES,
        feature_size=64,
        hidden_dim=64,
        mask_feature_size=32,
        num_queries=9,
        num_attention_heads=4,
        encoder_layers=2,
        encoder_feedforward_dim=48,
        decoder_layers=5,
        dim_feedforward=80,
        train_num_points=100,
    )
    model = transformers.Mask2FormerForUniversalSegmentation(config).eval()
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.15)
    return model


def ours() -> Any:
    """Build the same model of this project, with the authors' first weights."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(
            type='SDPASwinTransformer',
            embed_dims=EMBED,
            depths=DEPTHS,
            num_heads=HEADS,
            window_size=7,
            drop_path_rate=0.0,
        ),
        decode_head=dict(
            type='HFMask2FormerHead',
            in_channels=[EMBED * 2**i for i in range(4)],
            num_classes=CLASSES,
            channels=64,
            mask_channels=32,
            num_queries=9,
            num_heads=4,
            encoder_layers=2,
            encoder_ffn=48,
            decoder_layers=4,
            decoder_ffn=80,
            num_points=100,
        ),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
    return MODELS.build(cfg).eval()


@pytest.fixture(scope='module')
def pair() -> tuple[Any, Any]:
    """Return their model and ours with its weights."""
    original, model = theirs(), ours()
    state = CONVERTERS['mask2former-hf'](original.state_dict())
    found = model.load_state_dict(state, strict=False)
    assert found.unexpected_keys == []
    assert all(k.endswith('relative_position_index') for k in found.missing_keys)
    return original, model


@pytest.fixture(scope='module')
def images() -> Tensor:
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(3))


def samples() -> list[SegDataSample]:
    """Return two label maps, the first with ignored rows, none with class 1."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.randint(0, CLASSES, (2, 4, 6), generator=generator)
    labels = labels.repeat_interleave(16, 1).repeat_interleave(16, 2)
    labels[labels == 1] = 2
    labels[0, :10] = 255
    return [
        SegDataSample(gt_sem_seg=PixelData(data=label[None]), metainfo=META)
        for label in labels
    ]


def test_forward_is_that_of_transformers(pair: Any, images: Tensor) -> None:
    original, model = pair
    with torch.no_grad():
        expected = original(images, output_auxiliary_logits=True)
        classes, masks = model(images)
    assert len(classes) == len(masks) == 5
    wanted = [
        *((a['class_queries_logits'], a['masks_queries_logits'])
          for a in expected.auxiliary_logits),
        (expected.class_queries_logits, expected.masks_queries_logits),
    ]  # fmt: skip
    for ours_, theirs_ in zip(zip(classes, masks), wanted):
        for a, b in zip(ours_, theirs_):
            assert (a - b).abs().max() <= 1e-4 * max(1, b.abs().max().item())


def test_losses_are_those_of_transformers(pair: Any, images: Tensor) -> None:
    original, model = pair
    targets = [mask_targets(s.gt_sem_seg.data, CLASSES) for s in samples()]
    assert [classes.tolist() for _, classes in targets] == [[0, 2, 3, 4]] * 2
    with torch.no_grad():
        features = model.extract_feat(images)
        predictions = model.decode_head(features)
        torch.manual_seed(7)
        losses = model.decode_head.loss_by_feat(predictions, samples())
        torch.manual_seed(7)
        expected = original.get_loss_dict(
            masks_queries_logits=predictions[1][-1],
            class_queries_logits=predictions[0][-1],
            mask_labels=[masks for masks, _ in targets],
            class_labels=[classes for _, classes in targets],
            auxiliary_predictions=[
                dict(class_queries_logits=c, masks_queries_logits=m)
                for c, m in list(zip(*predictions))[:-1]
            ],
        )
    assert len(losses) == len(expected) == 15
    assert sum(losses.values()).item() == pytest.approx(
        sum(expected.values()).item(), rel=1e-5
    )
    key = 'loss_cross_entropy_2'
    assert losses['d2.loss_cls'].item() == pytest.approx(expected[key].item())


def test_the_seed_decides_the_loss(pair: Any, images: Tensor) -> None:
    def value(seed: int) -> float:
        torch.manual_seed(seed)
        with torch.no_grad():
            return sum(pair[1].loss(images, samples()).values()).item()

    assert value(1) == value(1) != value(2)


def test_probabilities(pair: Any, images: Tensor) -> None:
    original, model = pair
    with torch.no_grad():
        expected = original(images)
        found = model.encode_decode(images, [META] * 2)
    masks = F.interpolate(expected.masks_queries_logits, (64, 96), mode='bilinear')
    total = torch.zeros(2, CLASSES, 64, 96)
    for query in range(9):
        share = expected.class_queries_logits[:, query].softmax(-1)
        total += share[:, :-1, None, None] * masks[:, query, None].sigmoid()
    assert (found - total / total.sum(1, keepdim=True)).abs().max() <= 1e-4
    assert torch.equal(found.argmax(1), total.argmax(1))
    assert (found.sum(1) - 1).abs().max() <= 1e-5
    assert model.decode_head.output == 'probs'
