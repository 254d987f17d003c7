"""DiNAT equals the model definition of transformers; sizes are the paper's."""

import math
from pathlib import Path
from types import ModuleType

import pytest
import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmseg_trash.convert.dinat import convert, with_kernel_size
from mmseg_trash.models import DiNAT
from mmseg_trash.models.layers import gathered_attention

TINY = dict(
    embed_dims=8,
    depths=[2, 1, 2],
    num_heads=[1, 2, 4],
    dilations=[[1, 4], [2], [1, 2]],
    kernel_size=3,
    mlp_ratio=2.0,
    out_indices=(0, 1, 2),
    drop_path_rate=0.0,
)


def net(**options: object) -> DiNAT:
    """Build a tiny network with weights of which none is 0 or 1."""
    torch.manual_seed(0)
    model = DiNAT(**{**TINY, **options})
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def transformers_dinat(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give transformers' DiNAT an attention, since its own no longer runs.

    It asks for functions that NATTEN has removed and unpacks a map as a sequence.
    """
    pytest.importorskip('transformers')
    from transformers.models.dinat import modeling_dinat

    def attend(self: nn.Module, x: Tensor, output_attentions: bool) -> tuple[Tensor]:
        projections = (self.query, self.key, self.value)
        heads = self.num_attention_heads
        q, k, v = (layer(x).unflatten(-1, (heads, -1)) for layer in projections)
        window = (self.kernel_size, self.dilation)
        return (gathered_attention(q, k, v, *window, self.rpb).flatten(-2),)

    monkeypatch.setattr(modeling_dinat.NeighborhoodAttention, 'forward', attend)
    monkeypatch.setattr(modeling_dinat, 'requires_backends', lambda *_: None)
    return modeling_dinat


# At 44 x 60 pixels maps are smaller than K * d and padded.
@pytest.mark.parametrize('size', [(96, 96), (100, 65), (44, 60)], ids=str)
@pytest.mark.parametrize('scale', [None, 0.5])
def test_equals_transformers_through_the_converter(
    size: tuple[int, int], scale: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hf = transformers_dinat(monkeypatch)
    config = hf.DinatConfig(
        embed_dim=8,
        depths=TINY['depths'],
        num_heads=TINY['num_heads'],
        dilations=TINY['dilations'],
        kernel_size=3,
        mlp_ratio=2.0,
        drop_path_rate=0.0,
        layer_scale_init_value=scale or 0.0,
        out_features=['stage1', 'stage2', 'stage3'],
    )
    torch.manual_seed(size[0])
    theirs = hf.DinatBackbone(config).eval()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    ours = DiNAT(**TINY, layer_scale=scale).eval()
    ours.load_state_dict(convert(theirs.state_dict()))
    image = torch.randn(2, 3, *size)
    expected = theirs(image).feature_maps
    for a, b in zip(ours(image), expected, strict=True):
        assert a.shape == b.shape
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('size', [(32, 32), (37, 50), (1, 9)], ids=str)
def test_any_size_forward_and_backward(size: tuple[int, int]) -> None:
    model = net(layer_scale=0.1, attn_drop_rate=0.1, drop_rate=0.1, drop_path_rate=0.3)
    outs = model(torch.randn(2, 3, *size))
    for i, out in enumerate(outs):
        stride = 4 * 2**i
        rounded = tuple(math.ceil(n / stride) for n in size)
        assert out.shape == (2, 8 * 2**i, *rounded)
        assert out.is_contiguous()
    sum(out.square().sum() for out in outs).backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert not missing


def test_recomputing_gives_the_same_gradients() -> None:
    image = torch.randn(1, 3, 33, 40)
    grads = []
    for with_cp in (False, True):
        model = net(with_cp=with_cp)
        sum(out.square().sum() for out in model(image)).backward()
        grads.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(*grads)


def test_out_indices_choose_stages_before_their_downsampling() -> None:
    image = torch.randn(1, 3, 40, 40)
    whole, part = net().eval(), net(out_indices=(1,)).eval()
    state = whole.state_dict()
    part.load_state_dict({k: state[k] for k in part.state_dict()})
    assert 'norm1.weight' in part.state_dict()
    assert 'norm0.weight' not in part.state_dict()
    torch.testing.assert_close(part(image)[0], whole(image)[1])


def test_bfloat16_autocast_stays_near() -> None:
    model, image = net().eval(), torch.randn(1, 3, 64, 48)
    with torch.no_grad():
        exact = model(image)
        with torch.autocast('cpu', torch.bfloat16):
            near = model(image)
    for a, b in zip(near, exact):
        assert float((a.float() - b).abs().mean()) < 0.05 * float(b.abs().mean())


def test_pretrained_weights_of_another_kernel_size(tmp_path: Path) -> None:
    source = net()
    state = {**source.state_dict(), 'norm.weight': torch.ones(32)}
    torch.save({'model': state}, tmp_path / 'dinat.pth')
    init = dict(type='Pretrained', checkpoint=str(tmp_path / 'dinat.pth'))
    model = MODELS.build(
        dict(type='DiNAT', **TINY | dict(kernel_size=5, init_cfg=init))
    )
    model.init_weights()
    loaded = model.state_dict()
    expected = with_kernel_size(source.state_dict(), 5)
    assert loaded.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(loaded[key], value)
    assert loaded['levels.0.blocks.0.attn.rpb'].shape == (1, 9, 9)


def test_weights_start_small_and_the_rest_neutral() -> None:
    model = DiNAT(**TINY)
    model.init_weights()
    block = model.levels[0].blocks[0]
    assert 0.01 < float(block.attn.qkv.weight.std()) < 0.03
    assert 0.01 < float(block.attn.rpb.std()) < 0.03
    assert not block.mlp.fc1.bias.any()


SIZES = {
    'mini': (64, [3, 4, 6, 5], [2, 4, 8, 16], 3.0, 7, 19.5),
    'tiny': (64, [3, 4, 18, 5], [2, 4, 8, 16], 3.0, 7, 27.4),
    'small': (96, [3, 4, 18, 5], [3, 6, 12, 24], 2.0, 7, 50.0),
    'base': (128, [3, 4, 18, 5], [4, 8, 16, 32], 2.0, 7, 88.7),
    'large': (192, [3, 4, 18, 5], [6, 12, 24, 48], 2.0, 7, 199.41),
    'large-k11': (192, [3, 4, 18, 5], [6, 12, 24, 48], 2.0, 11, 199.61),
}


@pytest.mark.parametrize('size', SIZES)
def test_parameters_are_those_of_the_paper(size: str) -> None:
    dim, depths, heads, ratio, kernel, millions = SIZES[size]
    with torch.device('meta'):
        model = DiNAT(dim, depths, heads, mlp_ratio=ratio, kernel_size=kernel)
    found = sum(p.numel() for p in model.parameters()) / 1e6
    assert found == pytest.approx(millions, rel=2e-3)


@pytest.mark.parametrize('change, words', [
    (dict(dilations=[[1, 4], [2], [1]]), 'dilations .*1, 4.*2.*1'),
    (dict(num_heads=[1, 2]), 'num_heads .1, 2.'),
    (dict(out_indices=(0, 3)), 'out_indices .0, 3. of 3 stages'),
])  # fmt: skip
def test_refuses_lists_that_do_not_fit(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DiNAT(**{**TINY, **change})
