"""SegViT's blocks give what plain loops and torch's own modules give."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss

from mmseg_trash.models import ATMHead
from mmseg_trash.models.layers.atm_loss import atm_losses, atm_targets
from mmseg_trash.models.layers.attention_to_mask import (
    ATMDecoder,
    ATMLayer,
    AttentionToMask,
)

HEAD = dict(in_channels=24, channels=12, num_heads=3, num_layers=2, num_classes=4)


def randomized(module: nn.Module) -> nn.Module:
    """Give every parameter a random value of about the same size."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    module.eval()
    return module


def samples(labels: Tensor) -> list[SegDataSample]:
    return [SegDataSample(gt_sem_seg=PixelData(data=label[None])) for label in labels]


def test_attention_is_the_papers() -> None:
    """Equations 1 to 3 in loops; the mask is the mean over the heads."""
    atm = randomized(AttentionToMask(6, 2))
    tokens, places = torch.randn(2, 3, 6), torch.randn(2, 5, 6)
    out, mask = atm(tokens, places)
    for b in range(2):
        for i in range(3):
            q = atm.q(tokens[b, i])
            heads, means = [], torch.zeros(5)
            for h in (slice(0, 3), slice(3, 6)):
                similar = torch.stack(
                    [atm.k(place)[h] @ q[h] / math.sqrt(3) for place in places[b]]
                )
                means += similar / 2
                weights = similar.exp() / similar.exp().sum()
                heads.append(sum(w * atm.v(p)[h] for w, p in zip(weights, places[b])))
            torch.testing.assert_close(mask[b, i], means, atol=1e-5, rtol=1e-4)
            expected = atm.proj(torch.cat(heads))
            torch.testing.assert_close(out[b, i], expected, atol=1e-5, rtol=1e-4)


def torch_layer(layer: ATMLayer, channels: int, heads: int) -> nn.Module:
    """Return torch's decoder layer with a layer's weights."""
    own = nn.TransformerDecoderLayer(channels, heads, 4 * channels, batch_first=True)
    cross = layer.cross_attn
    own.self_attn.load_state_dict(layer.self_attn.state_dict())
    with torch.no_grad():
        for kind in ('weight', 'bias'):
            parts = [getattr(m, kind) for m in (cross.q, cross.k, cross.v)]
            getattr(own.multihead_attn, f'in_proj_{kind}').copy_(torch.cat(parts))
    own.multihead_attn.out_proj.load_state_dict(cross.proj.state_dict())
    own.linear1.load_state_dict(layer.ffn[0].state_dict())
    own.linear2.load_state_dict(layer.ffn[3].state_dict())
    for i, norm in enumerate(layer.norms, 1):
        getattr(own, f'norm{i}').load_state_dict(norm.state_dict())
    return own.eval()


def test_decoder_is_torchs_with_masks() -> None:
    decoder = randomized(ATMDecoder(10, 12, num_layers=2, num_heads=3))
    tokens, feature = torch.randn(2, 4, 12), torch.randn(2, 10, 3, 5)
    out, mask = decoder(tokens, feature)
    places = decoder.norm(
        decoder.projection(feature.permute(0, 2, 3, 1).reshape(2, 15, 10))
    )
    expected = torch_layer(decoder.layers[0], 12, 3)(tokens, places)
    last = decoder.layers[1]
    # The masks come from the queries of the last layer, after its self-attention.
    mixed = last.norms[0](expected + last.self_attn(expected, expected, expected)[0])
    similar = last.cross_attn.q(mixed) @ last.cross_attn.k(places).mT / 2 / 3
    torch.testing.assert_close(mask, similar.view(2, 4, 3, 5), atol=1e-5, rtol=1e-4)
    expected = torch_layer(last, 12, 3)(expected, places)
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-4)


def test_head_goes_from_deep_to_shallow_and_adds_masks() -> None:
    head = randomized(ATMHead(**HEAD))
    maps = [torch.randn(2, 24, *size) for size in ((4, 7), (4, 7), (2, 4))]
    classes, masks = head(maps)
    assert [tuple(c.shape) for c in classes] == [(2, 4, 5)] * 3
    assert [tuple(m.shape) for m in masks] == [(2, 4, 4, 7)] * 3
    tokens, total = head.tokens.weight.expand(2, -1, -1), torch.zeros(2, 4, 4, 7)
    for i, depth in enumerate((2, 1, 0)):
        tokens, mask = head.decoders[i](tokens, maps[depth])
        total = total + F.interpolate(mask, (4, 7), mode='bilinear')
        torch.testing.assert_close(masks[i], total)
        torch.testing.assert_close(classes[i], head.class_predictor(tokens))


def test_prediction_is_class_times_mask() -> None:
    head = randomized(ATMHead(**HEAD))
    maps = [torch.randn(1, 24, 4, 7) for _ in range(3)]
    classes, masks = head(maps)
    probs = head.predict(maps, [dict(img_shape=(32, 56))], {})
    large = F.interpolate(masks[-1], (32, 56), mode='bilinear').sigmoid()
    weights = classes[-1].softmax(-1)
    total = sum(weights[0, i, :4, None, None] * large[0, i] for i in range(4))
    torch.testing.assert_close(probs[0], total / total.sum(0))
    assert head.output == 'probs'
    assert head.out_channels == 4


@pytest.mark.parametrize('ignored', [False, True])
def test_losses_are_the_papers(ignored: bool) -> None:
    """Loops over images and classes, with torchvision's focal loss."""
    torch.manual_seed(1)
    label = torch.randint(0, 3, (2, 6, 9))
    label[0][label[0] == 1] = 0
    if ignored:
        label[:, :2] = 255
    classes, masks = torch.randn(2, 4, 5), torch.randn(2, 4, 3, 5) * 3
    large = F.interpolate(masks, (6, 9), mode='bilinear')
    entropies, weights, focal, dice = [], [], [], []
    for b in range(2):
        counted = label[b] != 255
        for k in range(4):
            present = bool((label[b] == k).any())
            weights.append(1.0 if present else 0.1)
            entropies.append(-classes[b, k].log_softmax(-1)[k if present else 4])
            if present:
                logit, truth = large[b, k][counted], (label[b] == k)[counted].float()
                focal.append(sigmoid_focal_loss(logit, truth, 0.25, 2).mean())
                p = logit.sigmoid()
                dice.append(
                    1 - (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
                )
    assert len(focal) == 5
    found = atm_losses(classes, masks, atm_targets(list(label), 4))
    weighted = sum(w * e for w, e in zip(weights, entropies)) / sum(weights)
    torch.testing.assert_close(found['loss_cls'], weighted)
    torch.testing.assert_close(found['loss_mask'], sum(focal) / 5)
    torch.testing.assert_close(found['loss_dice'], sum(dice) / 5)


def test_ideal_loses_least_and_unlabelled_pixels_do_not_count() -> None:
    label = torch.tensor([[[0, 0, 1, 255]]])
    targets = atm_targets(list(label), 2)
    masks = torch.tensor([[[[9.0, 9, -9, 0]], [[-9.0, -9, 9, 0]]]])
    classes = torch.tensor([[[9.0, 0, 0], [0, 9, 0]]])
    ideal, worse = (
        sum(atm_losses(classes, m, targets).values()) for m in (masks, -masks)
    )
    assert ideal < 0.01 < 1 < worse
    masks[..., 3] = 100
    torch.testing.assert_close(sum(atm_losses(classes, masks, targets).values()), ideal)


@pytest.mark.parametrize('part', [0.5, 1.0])
def test_unlabelled_images(part: float) -> None:
    head = randomized(ATMHead(**HEAD)).train()
    label = torch.zeros(2, 16, 16, dtype=torch.long)
    label[: int(2 * part)] = 255
    maps = [torch.randn(2, 24, 2, 2) for _ in range(3)]
    losses = head.loss(maps, samples(label), {})
    total = sum(losses.values())
    total.backward()
    assert (total > 0) == (part < 1)
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())


def test_head_losses_and_gradients() -> None:
    head = randomized(ATMHead(**HEAD, dropout=0.0)).train()
    maps = [torch.randn(2, 24, 4, 5) for _ in range(3)]
    label = torch.randint(0, 4, (2, 32, 40))
    losses = head.loss(maps, samples(label), {})
    names = ('loss_cls', 'loss_mask', 'loss_dice')
    assert list(losses) == [p + n for p in ('d0.', 'd1.', '') for n in names]
    classes, masks = head(maps)
    for prefix, i in (('d0.', 0), ('', 2)):
        raw = atm_losses(classes[i], masks[i], atm_targets(list(label), 4))
        torch.testing.assert_close(losses[prefix + 'loss_mask'], 20 * raw['loss_mask'])
        torch.testing.assert_close(losses[prefix + 'loss_dice'], raw['loss_dice'])
    sum(losses.values()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    with pytest.raises(ValueError, match=r'holds \[4\]'):
        head.loss(maps, samples(label + 1), {})


def segmentor(mode: str = 'whole', shrunk: bool = False) -> nn.Module:
    """Build a small SegViT."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    vit = dict(type='SDPAVisionTransformer', img_size=(64, 64), embed_dims=24)
    vit |= dict(num_layers=3, num_heads=2, with_cls_token=False, patch_size=16)
    cfg = dict(type='EncoderDecoder', decode_head=dict(type='ATMHead', **HEAD))
    cfg['backbone'] = vit | dict(out_indices=(0, 1, 2))
    if shrunk:
        cfg['backbone'] |= dict(out_indices=(0, 2), shrink_at=1)
        cfg['decode_head'] |= dict(in_index=[0])
        neck = dict(type='QueryUpsampling', channels=24, num_heads=2, grid=(4, 4))
        cfg['neck'] = neck
    cfg['test_cfg'] = dict(mode=mode, crop_size=(64, 64), stride=(42, 42))
    return MODELS.build(ConfigDict(cfg))


@pytest.mark.parametrize('shrunk', [False, True])
@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str, shrunk: bool) -> None:
    model = segmentor(mode, shrunk).eval()
    for size in ((64, 64), (50, 131), (90, 64)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            probs = model.inference(torch.randn(1, 3, *size), [meta])
        assert probs.shape == (1, 4, *size)
        torch.testing.assert_close(probs.sum(1), torch.ones(1, *size))


@pytest.mark.parametrize('shrunk', [False, True])
def test_trains_under_bfloat16_and_travels(shrunk: bool) -> None:
    model = segmentor(shrunk=shrunk)
    model.init_weights()
    image = torch.randn(2, 3, 64, 96)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples(torch.randint(0, 4, (2, 64, 96))))
    assert len(losses) == (3 if shrunk else 9)
    assert all(v.dtype == torch.float32 and v.isfinite() for v in losses.values())
    sum(losses.values()).backward()
    unused = {n for n, p in model.named_parameters() if p.grad is None}
    assert unused <= {'backbone.cls_token'}
    other = segmentor(shrunk=shrunk).eval()
    other.load_state_dict(model.eval().state_dict())
    meta = [dict(img_shape=(64, 96), ori_shape=(64, 96))]
    with torch.no_grad():
        assert torch.equal(*(m.inference(image[:1], meta) for m in (model, other)))


def test_refuses() -> None:
    with pytest.raises(ValueError, match='multiple of num_heads, got 12 and 5'):
        ATMHead(**HEAD | dict(num_heads=5))
