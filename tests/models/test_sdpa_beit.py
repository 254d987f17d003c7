"""The fast BEiT is mmseg's, for any size of the image; its weights come from a file."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.models.backbones.beit import BEiT
from torch import Tensor, nn

from mmseg_trash.convert.position_bias import resize_table
from mmseg_trash.models import SDPABEiT
from mmseg_trash.models.layers.sdpa_beit import spread_table

SMALL = dict(
    embed_dims=16,
    num_layers=2,
    num_heads=2,
    out_indices=(0, 1),
    init_values=0.1,
    norm_cfg=dict(type='LN', eps=1e-6),
)


def build(kind: type[nn.Module] = SDPABEiT, **cfg: Any) -> nn.Module:
    """Build a backbone whose parameters are all random."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = kind(**SMALL | dict(img_size=(64, 96)) | cfg)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    model.eval()
    return model


@pytest.mark.parametrize('qv_bias, final_norm', [(True, False), (False, True)])
@pytest.mark.parametrize('grad', [False, True])
def test_is_mmsegs(qv_bias: bool, final_norm: bool, grad: bool) -> None:
    stock = build(BEiT, qv_bias=qv_bias, final_norm=final_norm)
    fast = build(qv_bias=qv_bias, final_norm=final_norm)
    fast.load_state_dict(stock.state_dict(), strict=True)
    image = torch.randn(2, 3, 64, 96)
    with torch.set_grad_enabled(grad):
        for a, b in zip(fast(image), stock(image), strict=True):
            assert a.shape == (2, 16, 4, 6)
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
    if grad:
        for model in (fast, stock):
            sum((m**2).sum() for m in model(image)).backward()
        for (name, a), b in zip(fast.named_parameters(), stock.parameters()):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-2, msg=name)


def test_table_is_laid_out_by_offset() -> None:
    table = torch.randn(3 * 5 + 3, 2)
    bias = spread_table(table, (2, 3))
    assert bias.shape == (2, 7, 7)
    for query in range(7):
        for key in range(7):
            if query and key:
                (i, j), (k, m) = divmod(query - 1, 3), divmod(key - 1, 3)
                row = (i - k + 1) * 5 + j - m + 2
            else:
                row = 15 if key else 16 if query else 17
            assert torch.equal(bias[:, query, key], table[row])


@pytest.mark.parametrize('size', [(64, 64), (128, 96), (50, 131), (16, 15)])
def test_any_size_is_the_grid_of_whole_patches(size: tuple[int, int]) -> None:
    """The same as a BEiT for that size, given the resized tables and a padded image."""
    grid = (-(-size[0] // 16), -(-size[1] // 16))
    model = build()
    other = build(BEiT, img_size=(16 * grid[0], 16 * grid[1]))
    state = {
        key: resize_table(value, (4, 6), grid)
        for key, value in model.state_dict().items()
        if key.endswith('bias_table')
    }
    other.load_state_dict(model.state_dict() | state, strict=False)
    image = torch.randn(1, 3, *size)
    padded = torch.zeros(1, 3, 16 * grid[0], 16 * grid[1])
    padded[..., : size[0], : size[1]] = image
    with torch.no_grad():
        for a, b in zip(model(image), other(padded), strict=True):
            assert a.shape == (1, 16, *grid)
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def losses(model: nn.Module, image: Tensor) -> Tensor:
    return sum(((m.float() - 1) ** 2).mean() for m in model(image))


@pytest.mark.parametrize('with_cp', [False, True])
def test_trains_under_bfloat16_at_another_size(with_cp: bool) -> None:
    model, plain = build(with_cp=with_cp).train(), build().train()
    assert model.training
    image = torch.randn(2, 3, 80, 64)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = losses(model, image)
    loss.backward()
    losses(plain, image).backward()
    for (name, a), b in zip(model.named_parameters(), plain.parameters()):
        assert a.grad.isfinite().all(), name
        assert torch.cosine_similarity(a.grad.flatten(), b.grad.flatten(), dim=0) > 0.9


@pytest.mark.parametrize('key', ['model', 'state_dict', None])
def test_published_weights_are_read(tmp_path: Path, key: str | None) -> None:
    timm = pytest.importorskip('timm')
    theirs = timm.models.beit.Beit(
        img_size=224, embed_dim=16, depth=2, num_heads=2, init_values=0.1,
        use_abs_pos_emb=False, use_rel_pos_bias=True,
    )  # fmt: skip
    for parameter in theirs.parameters():
        nn.init.normal_(parameter)
    state = theirs.state_dict()
    file = tmp_path / 'beit.pth'
    torch.save({key: state} if key else state, file)
    model = build(init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    model.init_weights()
    name = 'attn.relative_position_bias_table'
    assert torch.equal(
        model.layers[1].attn.proj.weight, state['blocks.1.attn.proj.weight']
    )
    expected = resize_table(state[f'blocks.1.{name}'], (14, 14), (4, 6))
    assert torch.equal(model.layers[1].attn.relative_position_bias_table, expected)


def test_starts_from_scratch_and_travels(tmp_path: Path) -> None:
    model = SDPABEiT(**SMALL, img_size=64)
    model.init_weights()
    assert 0.01 < model.layers[0].attn.qkv.weight.std() < 0.03
    assert not any('position_index' in key for key in model.state_dict())
    other = build(img_size=64)
    other.load_state_dict(model.eval().state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(other(image)[1], model(image)[1])
