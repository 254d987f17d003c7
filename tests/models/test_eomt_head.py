"""The contract of EoMT's head: training, precision, sizes, arguments."""

import sys
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

import mmseg_trash.models  # noqa: F401
from mmseg_trash.models.layers.open_vit import OpenViT

pytest.importorskip('transformers')

CLASSES, QUERIES, BLOCKS = 4, 6, 2
HEAD = dict(type='EoMTHead', in_channels=24, num_classes=CLASSES, num_queries=QUERIES)
HEAD |= dict(num_blocks=BLOCKS, num_points=50)
KINDS: list[dict[str, Any]] = [
    dict(type='DINOv2', img_size=64, patch_size=16, num_registers=2),
    dict(type='DINOv2', img_size=70),
    dict(type='DINOv3', num_registers=2),
]
NAMES = ['v2 16', 'v2 14', 'v3']


def build(backbone: dict[str, Any], mode: str = 'whole', **head: Any) -> Any:
    """Build a small EoMT."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    vit = dict(embed_dims=24, num_layers=4, num_heads=2, open_blocks=BLOCKS)
    cfg = dict(
        type='EncoderDecoder',
        backbone={**vit, **backbone},
        decode_head={**HEAD, **head},
        test_cfg=dict(mode=mode, crop_size=(64, 64), stride=(42, 42)),
    )
    return MODELS.build(ConfigDict(cfg))


def samples(height: int = 64, width: int = 96) -> list[SegDataSample]:
    torch.manual_seed(2)
    labels = torch.randint(0, CLASSES, (2, 1, height, width))
    labels[0, :, 20:] = 1
    labels[1, :, :9] = 255
    return [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
@pytest.mark.parametrize('prob', [0.0, 0.5, 1.0])
def test_every_parameter_learns(cfg: dict[str, Any], prob: float) -> None:
    model = build(cfg).train()
    model.decode_head.attn_mask_probs.fill_(prob)
    losses = model.loss(torch.randn(2, 3, 64, 96), samples())
    assert len(losses) == 3 * (BLOCKS + 1)
    assert all(value > 0 for value in losses.values())
    sum(losses.values()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        # a shift of all keys changes no softmax
        assert parameter.grad.abs().sum() > 0 or name.endswith('key.bias'), name


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
def test_bfloat16_and_checkpointing(cfg: dict[str, Any]) -> None:
    model = build({**cfg, 'with_cp': True}).train()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(torch.randn(2, 3, 50, 70), samples(50, 70))
    assert all(v.dtype == torch.float32 and v.isfinite() for v in losses.values())
    sum(losses.values()).backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_checkpointing_changes_nothing() -> None:
    model = build(KINDS[0]).train()
    totals, gradients = [], []
    for with_cp in (False, True):
        model.backbone.with_cp = with_cp
        model.zero_grad()
        torch.manual_seed(7)
        image = torch.randn(2, 3, 64, 96)
        totals.append(sum(model.loss(image, samples()).values()))
        totals[-1].backward()
        gradients.append(model.backbone.layers[3].mlp.fc1.weight.grad.clone())
    torch.testing.assert_close(*totals)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str, cfg: dict[str, Any]) -> None:
    model = build(cfg, mode).eval()
    for size in ((64, 64), (50, 131), (90, 64)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        image = torch.randn(1, 3, *size)
        with torch.no_grad():
            probs = model.inference(image, [meta])
            again = model.inference(image, [meta])
        assert probs.shape == (1, CLASSES, *size)
        assert torch.equal(probs, again)
        torch.testing.assert_close(probs.sum(1), torch.ones(1, *size))
    assert model.decode_head.output == 'probs'
    assert model.decode_head.out_channels == CLASSES


def test_travels_with_its_probabilities() -> None:
    model, other = build(KINDS[0]).eval(), build(KINDS[0]).eval()
    model.decode_head.attn_mask_probs.copy_(torch.tensor([0.0, 1.0]))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    other.load_state_dict(model.state_dict())
    assert other.decode_head.attn_mask_probs.tolist() == [0, 1]
    meta = [dict(img_shape=(64, 96), ori_shape=(64, 96))]
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        assert torch.equal(*(m.inference(image, meta) for m in (model, other)))
        other.decode_head.attn_mask_probs.fill_(0)
        without = other.inference(image, meta)
    assert not torch.allclose(without, model.inference(image, meta))


def attention_masks(prob: float) -> tuple[Tensor, Tensor]:
    """Return the mask of two images, and which patches lie inside the mask logits."""
    head = build(KINDS[0]).decode_head
    logits = torch.randn(2, QUERIES, 16, 16)
    view = OpenViT(torch.zeros(2, 3 + 16, 24), (4, 4), 3, [], torch.nn.Identity())
    inside = torch.nn.functional.interpolate(logits, (4, 4), mode='bilinear') > 0
    return head._attention_mask(logits, view, prob), inside.flatten(2)


def test_only_queries_looking_at_patches_are_masked() -> None:
    allowed, inside = attention_masks(1.0)
    assert allowed.shape == (2, 1, QUERIES + 19, QUERIES + 19)
    assert torch.equal(allowed[:, 0, :QUERIES, QUERIES + 3 :], inside)
    assert allowed[..., QUERIES:, :].all() and allowed[..., : QUERIES + 3].all()
    allowed, inside = attention_masks(0.5)
    rows = allowed[:, 0, :QUERIES, QUERIES + 3 :]
    free = rows.all(-1)
    assert 0 < free.sum() < free.numel()
    assert torch.equal(rows[~free], inside[~free])


def test_images_without_labels() -> None:
    model = build(KINDS[0]).train()
    data = samples()
    for sample in data:
        sample.gt_sem_seg.data.fill_(255)
    losses = model.loss(torch.randn(2, 3, 64, 96), data)
    assert losses['decode.loss_mask'] == losses['decode.loss_dice'] == 0
    assert losses['decode.loss_cls'] > 0
    data[0].gt_sem_seg.data.fill_(CLASSES)
    with pytest.raises(ValueError, match=r'holds \[4\]'):
        model.loss(torch.randn(2, 3, 64, 96), data)


def test_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match='num_queries must be positive, got 0'):
        build(KINDS[0], num_queries=0)
    with pytest.warns(UserWarning, match='3 queries find at most'):
        build(KINDS[0], num_queries=3)
    with pytest.raises(ValueError, match='num_blocks must be positive, got 0'):
        build(KINDS[0], num_blocks=0)
    model = build(KINDS[0], num_blocks=3).eval()
    with pytest.raises(ValueError, match='num_blocks is 3, open_blocks is 2'):
        model(torch.randn(1, 3, 64, 64))
    model = build({**KINDS[0], 'open_blocks': 0}).eval()
    with pytest.raises(ValueError, match='open_blocks is 0'):
        model(torch.randn(1, 3, 64, 64))
    monkeypatch.setitem(sys.modules, 'transformers.models.eomt', None)
    with pytest.raises(ImportError, match=r'EoMTHead needs.*mmseg_trash\[optional\]'):
        MODELS.build(HEAD)
