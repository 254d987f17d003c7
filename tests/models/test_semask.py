"""SeMask's blocks give what plain loops over places and windows give."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.models import ClassMapHead, SDPASwinTransformer, SeMaskSwinTransformer
from mmseg_trash.models.layers.semantic_attention import (
    SemanticAttention,
    SemanticLayer,
)

SWIN = dict(embed_dims=8, depths=(1, 2, 1, 1), num_heads=(1, 2, 2, 4), window_size=3)
WIDTHS = [8, 16, 32, 64]


def randomized(module: nn.Module) -> nn.Module:
    """Give every parameter a random value of about the same size."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.eval()


def attend(attention: SemanticAttention, x: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the attention of some places, (N, C), one by one."""
    logits = [attention.mlp_cls_q(place) for place in x]
    keys = [attention.mlp_cls_k(place) for place in x]
    values = [attention.mlp_v(place) for place in x]
    out = []
    for place, query in zip(x, logits):
        scores = [math.exp((query @ key).item()) for key in keys]
        mixed = sum(s * v for s, v in zip(scores, values)) / sum(scores)
        out.append(attention.gamma * attention.mlp_res(mixed) + place)
    return torch.stack(out), torch.stack(logits)


def test_attention_is_the_papers() -> None:
    attention = randomized(SemanticAttention(6, 3))
    x = torch.randn(2, 5, 6)
    out, logits = attention(x)
    for b in range(2):
        expected, classes = attend(attention, x[b])
        torch.testing.assert_close(out[b], expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(logits[b], classes, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('window', [None, 3, 4, 9])
@pytest.mark.parametrize('size', [(6, 6), (5, 7), (2, 3)], ids=str)
def test_layer_in_windows(size: tuple[int, int], window: int | None) -> None:
    """Odd sizes are padded with zeros behind the norm, and the zeros take part."""
    layer = randomized(SemanticLayer(6, 3, window))
    height, width = size
    x = torch.randn(2, height * width, 6)
    out, logits = layer(x, size)
    assert logits.shape == (2, 3, *size)
    normed = F.layer_norm(x, (6,), layer.norm.weight, layer.norm.bias)
    for b in range(2):
        tall, wide = (height, width) if window is None else (window, window)
        for top in range(0, height, tall):
            for left in range(0, width, wide):
                places = [(top + i, left + j) for i in range(tall) for j in range(wide)]
                inside = [y < height and x_ < width for y, x_ in places]
                tokens = torch.stack(
                    [
                        normed[b, y * width + x_] if real else torch.zeros(6)
                        for (y, x_), real in zip(places, inside)
                    ]
                )
                expected, classes = attend(layer.attention, tokens)
                for k, ((y, x_), real) in enumerate(zip(places, inside)):
                    if real:
                        place = out[b, y * width + x_]
                        assert (place - expected[k]).abs().max() < 1e-4
                        assert (logits[b, :, y, x_] - classes[k]).abs().max() < 1e-4


@pytest.mark.parametrize('window', [None, 3])
def test_at_first_a_layer_is_its_norm(window: int | None) -> None:
    layer = SemanticLayer(6, 3, window)
    x = torch.randn(2, 20, 6) * 3 + 1
    out, _ = layer(x, (4, 5))
    assert torch.equal(out, F.layer_norm(x, (6,)))
    with pytest.raises(ValueError, match='got 0'):
        SemanticLayer(6, 3, 0)


def test_attention_learns() -> None:
    """Started at zero both, gamma and what it scales would never get a gradient."""
    attention = SemanticAttention(6, 3)
    optimizer = torch.optim.SGD(attention.parameters(), lr=0.1)
    x, weight = torch.randn(2, 5, 6), torch.randn(2, 5, 6)
    for _ in range(2):
        optimizer.zero_grad()
        (attention(x)[0] * weight).sum().backward()
        optimizer.step()
    assert all(p.grad.abs().sum() > 0 for n, p in attention.named_parameters())


@pytest.mark.parametrize('size', [(64, 64), (70, 101)], ids=str)
def test_backbone_outputs(size: tuple[int, int]) -> None:
    """Features first, class maps behind; the first stage up to its norm is Swin's."""
    plain = SDPASwinTransformer(**SWIN).eval()
    net = SeMaskSwinTransformer(num_classes=5, **SWIN).eval()
    missing = net.load_state_dict(plain.state_dict(), strict=False)
    assert not missing.unexpected_keys
    assert all(key.startswith('semantic_layers.') for key in missing.missing_keys)
    image = torch.randn(1, 3, *size)
    outs = net(image)
    sizes = [(math.ceil(size[0] / s), math.ceil(size[1] / s)) for s in (4, 8, 16, 32)]
    shapes = [(1, w, *s) for w, s in zip(WIDTHS, sizes)]
    assert [tuple(o.shape) for o in outs] == shapes + [(1, 5, *s) for s in sizes]
    x, hw = plain.patch_embed(image)
    for block in plain.stages[0].blocks:
        x = block(x, hw)
    first = F.layer_norm(F.layer_norm(x, (8,)), (8,))
    torch.testing.assert_close(outs[0], first.mT.unflatten(-1, hw))


def test_windows_and_global_stages() -> None:
    net = SeMaskSwinTransformer(5, **SWIN)
    assert [layer.window for layer in net.semantic_layers] == [3] * 4
    net = SeMaskSwinTransformer(5, semantic_window=4, global_stages=(2, 3), **SWIN)
    assert [layer.window for layer in net.semantic_layers] == [4, 4, None, None]
    assert [tuple(o.shape[2:]) for o in net(torch.randn(1, 3, 50, 70))[2:4]] == [
        (4, 5),
        (2, 3),
    ]
    with pytest.raises(ValueError, match=r'got \[4\]'):
        SeMaskSwinTransformer(5, global_stages=(4,), **SWIN)


@pytest.mark.parametrize('pretrained', [False, True])
def test_initial_weights(pretrained: bool, tmp_path) -> None:
    plain = randomized(SDPASwinTransformer(**SWIN))
    torch.save(dict(state_dict=plain.state_dict()), tmp_path / 'swin.pth')
    init = dict(type='Pretrained', checkpoint=str(tmp_path / 'swin.pth'))
    net = SeMaskSwinTransformer(5, **SWIN, init_cfg=init if pretrained else None)
    net.init_weights()
    state = plain.state_dict()
    same = [torch.equal(net.state_dict()[key], state[key]) for key in state]
    assert all(same) == pretrained
    for layer, width in zip(net.semantic_layers, WIDTHS):
        assert layer.attention.gamma == 0
        # He's: the parent draws with 0.02
        deviation = layer.attention.mlp_v.weight.std() * math.sqrt(width / 2)
        assert 0.7 < deviation < 1.3


def test_class_map_head() -> None:
    maps = [torch.randn(2, 5, 8 // 2**i, 12 // 2**i) for i in range(4)]
    for corners in (False, True):
        losses = [
            dict(type='mmseg.CrossEntropyLoss', loss_weight=0.4),
            dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, loss_name='loss_b'),
        ]
        head = ClassMapHead(5, loss_decode=losses, align_corners=corners)
        assert not list(head.parameters()) and not head.state_dict()
        out = head([None] * 4 + maps)
        expected = maps[0].clone()
        for other in maps[1:]:
            expected += F.interpolate(
                other, (8, 12), mode='bilinear', align_corners=corners
            )
        torch.testing.assert_close(out, expected)
        label = torch.randint(0, 5, (2, 1, 8, 12))
        label[:, :, 0] = 255
        samples = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
        found = head.loss([None] * 4 + maps, samples, {})
        entropy = F.cross_entropy(out, label[:, 0], reduction='sum', ignore_index=255)
        # mmseg divides by all pixels
        torch.testing.assert_close(found['loss_ce'], 0.4 * entropy / label.numel())
        torch.testing.assert_close(found['loss_b'], entropy / label.numel())


@pytest.mark.filterwarnings('ignore')
def test_attention_goes_to_onnx(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    layer = SemanticAttention(8, 3).eval()
    nn.init.ones_(layer.gamma)
    x = torch.randn(2, 5, 8)
    torch.onnx.export(layer, (x,), tmp_path / 'layer.onnx', dynamo=True)
    session = onnxruntime.InferenceSession(tmp_path / 'layer.onnx')
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    for one, expected in zip(found, layer(x)):
        torch.testing.assert_close(torch.from_numpy(one), expected, atol=1e-5, rtol=0)
