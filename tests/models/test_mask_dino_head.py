"""MaskDINO's head in a segmentor: losses, matching, training, inference."""

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.models.layers.boxes import corners, generalized_iou
from mmseg_trash.models.layers.mask_dino_decoder import Prediction
from mmseg_trash.models.layers.mask_dino_denoising import Target, target_of

CLASSES, CHANNELS = 5, [8, 16, 32, 64]
TWO_STAGE = dict(
    selection='encoder',
    boxes_from_masks=True,
    classification='focal',
    levels=4,
    extra_levels=1,
    finest_first=True,
)
KINDS = dict(one=dict(), two=TWO_STAGE, mixed=dict(selection='mixed', extra_levels=1))
kinds = pytest.mark.parametrize('kind', KINDS)


def head_config(**kwargs: Any) -> dict[str, Any]:
    options: dict[str, Any] = dict(type='MaskDINOHead', in_channels=CHANNELS)
    options |= dict(num_classes=CLASSES, channels=64, mask_channels=16, num_queries=9)
    options |= dict(num_heads=4, encoder_layers=1, encoder_ffn=32, decoder_layers=2)
    options |= dict(decoder_ffn=32, denoising_queries=8, num_points=64)
    return options | kwargs


def segmentor(mode: str = 'whole', **kwargs: Any) -> Any:
    torch.manual_seed(0)
    cfg = dict(
        type='mmseg.EncoderDecoder',
        data_preprocessor=dict(type='mmseg.SegDataPreProcessor'),
        backbone=dict(
            type='SDPASwinTransformer',
            embed_dims=8,
            depths=(1, 1, 1, 1),
            num_heads=(1, 1, 2, 2),
            drop_path_rate=0.0,
        ),
        decode_head=head_config(**kwargs),
        train_cfg=dict(),
        test_cfg=dict(mode=mode, crop_size=(64, 64), stride=(40, 40)),
    )
    return MODELS.build(ConfigDict(cfg))


def sample(label: Tensor) -> SegDataSample:
    meta = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), tuple(label.shape))
    return SegDataSample(gt_sem_seg=PixelData(data=label[None]), metainfo=meta)


def batch(size: tuple[int, int] = (64, 96)) -> tuple[Tensor, list[SegDataSample]]:
    """Return an image with stripes of three classes, and one without any label."""
    generator = torch.Generator().manual_seed(1)
    label = torch.zeros(size, dtype=torch.long)
    label[:, size[1] // 3 :] = 2
    label[size[0] // 2 :, size[1] // 2 :] = 4
    label[:3] = 255
    image = torch.randn(2, 3, *size, generator=generator) * 0.1
    image[0] += label.clamp(max=4) - 2
    return image, [sample(label), sample(torch.full(size, 255))]


def total(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack([v for k, v in losses.items() if 'loss' in k]).sum()


@kinds
def test_losses_reach_every_parameter(kind: str) -> None:
    model = segmentor(**KINDS[kind])
    image, samples = batch()
    for images, labels in ((image, samples), (image, [samples[1]] * 2)):
        model.zero_grad()
        losses = model.loss(images, labels)
        value = total(losses)
        assert value.isfinite() and value > 0
        value.backward()
        for name, parameter in model.decode_head.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    names = {'decode.loss_cls', 'decode.d0.loss_giou', 'decode.d1.loss_box'}
    assert names <= set(losses)
    assert ('decode.enc.loss_mask' in losses) == (kind != 'one')
    assert not [k for k in losses if '.dn.' in k]  # nothing to repair
    noisy = set(model.loss(image, samples))
    assert {'decode.dn.loss_mask', 'decode.dn.d1.loss_dice'} <= noisy
    assert ('decode.dn.d0.loss_cls' in noisy) == (kind != 'one')


@kinds
def test_the_seed_decides_the_loss(kind: str) -> None:
    model = segmentor(**KINDS[kind])
    image, samples = batch()

    def value(seed: int) -> float:
        torch.manual_seed(seed)
        return total(model.loss(image, samples)).item()

    assert value(1) == value(1) != value(2)


def prediction(queries: int, extra: int) -> tuple[Prediction, Target]:
    generator = torch.Generator().manual_seed(5)
    label = torch.randint(0, 3, (4, 4), generator=generator)
    target = target_of(label.repeat_interleave(4, 0).repeat_interleave(4, 1), CLASSES)
    tensors = (
        torch.randn(1, queries, CLASSES + extra, generator=generator),
        torch.randn(1, queries, 16, 16, generator=generator) * 2,
        torch.rand(1, queries, 4, generator=generator) * 0.5 + 0.2,
    )
    return Prediction(*tensors), target


@pytest.mark.parametrize('classification', ['ce', 'focal'])
def test_matching_is_the_cheapest_and_losses_are_their_definition(
    classification: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the pixels themselves as points; sums by plain loops over the pairs."""
    head = MODELS.build(head_config(classification=classification, num_points=256))
    found, target = prediction(4, int(classification == 'ce'))
    y, x = torch.meshgrid((torch.arange(16) + 0.5) / 16, (torch.arange(16) + 0.5) / 16,
                          indexing='ij')  # fmt: skip
    pixels = torch.stack([x, y], -1).reshape(256, 2)
    module = 'mmseg_trash.models.layers.mask_dino_criterion'
    monkeypatch.setattr(torch, 'rand', lambda *size, device=None: pixels)
    monkeypatch.setattr(
        f'{module}.uncertain_points', lambda x, *_: pixels.expand(len(x), -1, -1)
    )
    classes, masks, boxes = (t[0] for t in found)
    mask_loss, dice, l1, giou, cost = (torch.zeros(4, 3) for _ in range(5))
    for q, t in itertools.product(range(4), range(3)):
        truth, p = target.masks[t], masks[q].sigmoid()
        mask_loss[q, t] = F.binary_cross_entropy(p, truth)
        dice[q, t] = 1 - (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
        l1[q, t] = (boxes[q] - target.boxes[t]).abs().sum()
        giou[q, t] = generalized_iou(corners(boxes[q]), corners(target.boxes[t]))
        c = classes[q, target.labels[t]].sigmoid()
        focal = -0.25 * (1 - c) ** 2 * c.log() + 0.75 * c**2 * (1 - c).log()
        cost[q, t] = 4 * focal + 5 * mask_loss[q, t] + 5 * dice[q, t]
        cost[q, t] += 5 * l1[q, t] - 2 * giou[q, t]
    best = min(
        itertools.permutations(range(4), 3),
        key=lambda chosen: sum(cost[q, t].item() for t, q in enumerate(chosen)),
    )
    criterion = head.criterion
    torch.testing.assert_close(criterion.costs(found, 0, target), cost)
    pairs = criterion.match(found, [target])
    assert {(q.item(), t.item()) for q, t in zip(*pairs[0])} == {
        (q, t) for t, q in enumerate(best)
    }
    losses = criterion.compare(found, [target], pairs, torch.tensor(3.0))
    matched = (list(best), [0, 1, 2])
    assert losses['loss_mask'].item() == pytest.approx(
        5 * mask_loss[matched].sum().item() / 3, rel=1e-4
    )
    assert losses['loss_dice'].item() == pytest.approx(
        5 * dice[matched].sum().item() / 3, rel=1e-4
    )
    assert losses['loss_box'].item() == pytest.approx(5 * l1[matched].sum().item() / 3)
    expected = 2 * (1 - giou[matched]).sum().item() / 3
    assert losses['loss_giou'].item() == pytest.approx(expected, rel=1e-5)
    value, weight = 0.0, 0.0
    for q in range(4):
        label = target.labels[best.index(q)].item() if q in best else CLASSES
        if classification == 'ce':
            share = 1.0 if q in best else 0.1
            value -= share * classes[q].log_softmax(0)[label].item()
            weight += share
        for k in range(CLASSES if classification == 'focal' else 0):
            p = classes[q, k].sigmoid()
            hit = -0.25 * (1 - p) ** 2 * p.log()
            miss = -0.75 * p**2 * (1 - p).log()
            value += (hit if k == label else miss).item()
            weight = 3.0
    assert losses['loss_cls'].item() == pytest.approx(4 * value / weight, rel=1e-5)


@pytest.mark.parametrize('kind', ['one', 'two'])
def test_learns_two_images(kind: str) -> None:
    model = segmentor(**KINDS[kind]).train()
    image, samples = batch((64, 64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    values = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = total(model.loss(image, samples))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        values.append(loss.item())
    assert sum(values[-3:]) < 0.8 * sum(values[:3]), values


@kinds
@pytest.mark.parametrize('size', [(64, 96), (50, 33), (32, 32)])
def test_any_size(kind: str, size: tuple[int, int]) -> None:
    model = segmentor(num_queries=120, **KINDS[kind]).eval()
    meta = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), size)
    image = torch.randn(1, 3, *size)
    with torch.no_grad():
        probs = model.encode_decode(image, [meta])
        classes, masks = model.decode_head(model.extract_feat(image))
    assert probs.shape == (1, CLASSES, *size)
    assert (probs.sum(1) - 1).abs().max() <= 1e-5
    scores = classes[-1].softmax(-1)[..., :-1]
    if kind == 'two':  # independent classes, sharpened
        assert (scores.sum(-1) - 1).abs().max() <= 1e-5
    full = F.interpolate(masks[-1], size, mode='bilinear').sigmoid()
    expected = torch.einsum('bqk,bqhw->bkhw', scores, full)
    torch.testing.assert_close(probs, expected / expected.sum(1, keepdim=True))


def test_sliding_window() -> None:
    model = segmentor('slide').eval()
    meta = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), (80, 100))
    with torch.no_grad():
        probs = model.inference(torch.randn(1, 3, 80, 100), [meta])
    assert probs.shape == (1, CLASSES, 80, 100)
    assert (probs.sum(1) - 1).abs().max() <= 1e-5


def test_bfloat16() -> None:
    model = segmentor()
    image, samples = batch()
    with torch.autocast('cpu', torch.bfloat16):
        loss = total(model.loss(image, samples))
    assert loss.dtype == torch.float32 and loss.isfinite()
    loss.backward()
