"""Published BEiTs compute the same in our layout; their tables are resized."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq
from torch import Tensor, nn

from mmseg_trash.convert.beit import convert
from mmseg_trash.convert.common import State
from mmseg_trash.convert.position_bias import resize_table, square_grid
from mmseg_trash.errors import CheckpointError
from mmseg_trash.models import SDPABEiT

IMAGE = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
TABLE = 'relative_position_bias_table'


def randomised(model: nn.Module) -> nn.Module:
    """Give every parameter other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.eval()


def ours(size: tuple[int, int] = (64, 96)) -> SDPABEiT:
    init_default_scope('mmseg')
    model = SDPABEiT(
        img_size=size,
        embed_dims=16,
        num_layers=2,
        num_heads=2,
        out_indices=(0, 1),
        init_values=0.1,
        norm_cfg=dict(type='LN', eps=1e-6),
    )
    return model.eval()


def check(
    model: nn.Module, state: State, expected: list[Tensor], image: Tensor = IMAGE
) -> None:
    """Load every tensor, and compare the maps of both layers."""
    model.load_state_dict(state, strict=True)
    with torch.no_grad():
        found = model(image)
    assert len(found) == len(expected) == 2
    for a, b in zip(found, expected):
        assert (a - b).abs().max() <= 1e-4 * b.abs().max()


def timm_beit(size: tuple[int, int] = (64, 96), shared: bool = False) -> nn.Module:
    timm = pytest.importorskip('timm')
    return randomised(
        timm.models.beit.Beit(
            img_size=size,
            embed_dim=16,
            depth=2,
            num_heads=2,
            init_values=0.1,
            use_abs_pos_emb=False,
            use_rel_pos_bias=not shared,
            use_shared_rel_pos_bias=shared,
        )
    )


@pytest.mark.parametrize('shared', [False, True])
def test_timm(shared: bool) -> None:
    theirs = timm_beit(shared=shared)
    with torch.no_grad():
        maps = theirs.forward_intermediates(IMAGE, intermediates_only=True)
    check(ours(), convert(theirs.state_dict()), maps)


@pytest.mark.parametrize('shared', [False, True])
@pytest.mark.parametrize('prefix', ['', 'beit.'])
def test_hugging_face(shared: bool, prefix: str) -> None:
    transformers = pytest.importorskip('transformers')
    config = transformers.BeitConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=64,
        layer_norm_eps=1e-6,
        use_relative_position_bias=not shared,
        use_shared_relative_position_bias=shared,
        use_mask_token=True,
    )
    theirs = randomised(transformers.BeitModel(config))
    state = {prefix + key: value for key, value in theirs.state_dict().items()}
    state['classifier.weight'] = torch.zeros(3, 16)
    image = IMAGE[..., :64]  # theirs mixes up height and width
    with torch.no_grad():
        hidden = theirs(image, output_hidden_states=True).hidden_states[1:]
    maps = [tokens[:, 1:].mT.unflatten(-1, (4, 4)) for tokens in hidden]
    check(ours((64, 64)), convert(state), maps, image)


def test_mmsegs_own_and_of_segmentors() -> None:
    state = randomised(ours()).state_dict()
    whole = {f'backbone.{key}': value for key, value in state.items()}
    whole['neck.upsample_2x.0.weight'] = torch.zeros(1)
    whole['backbone.layers.0.attn.relative_position_index'] = torch.zeros(25, 25)
    whole['decode_head.conv_seg.weight'] = torch.zeros(1)
    found = convert(whole)
    assert {k: v.data_ptr() for k, v in found.items()} == {
        k: v.data_ptr() for k, v in state.items()
    }


def test_a_larger_table_is_the_authors_spline() -> None:
    """Offsets at distances of a geometric series; SciPy's spline surface over them."""
    table = torch.randn(27 * 27 + 3, 2, generator=torch.Generator().manual_seed(0))
    found = resize_table(table, (14, 14), (32, 20))
    assert found.shape == (63 * 39 + 3, 2)
    assert torch.equal(found[-3:], table[-3:])

    def places(new: int) -> np.ndarray:
        q = brentq(lambda q: (q**13 - 1) / (q - 1) - (new - 1), 1.001, 3)
        half = [(q**n - 1) / (q - 1) for n in range(14)]
        return np.array([-x for x in half[:0:-1]] + half)

    for head in range(2):
        grid = table[:-3, head].view(27, 27).double().numpy()
        surface = RectBivariateSpline(places(32), places(20), grid)
        expected = surface(np.arange(-31, 32), np.arange(-19, 20))
        np.testing.assert_allclose(
            found[:-3, head].view(63, 39).numpy(), expected, atol=1e-4
        )
    # what the authors want of it: near patches keep their biases
    near = found[:-3].view(63, 39, 2)[30:33, 18:21]
    torch.testing.assert_close(near, table[:-3].view(27, 27, 2)[12:15, 12:15])


def test_a_smaller_table_keeps_its_offsets() -> None:
    table = torch.randn(7 * 9 + 3, 2)
    found = resize_table(table, (4, 5), (3, 2))
    middle = table[:-3].view(7, 9, 2)[1:6, 3:6].reshape(-1, 2)
    assert torch.equal(found, torch.cat([middle, table[-3:]]))
    assert resize_table(table, (4, 5), (4, 5)) is table


@pytest.mark.parametrize('new, expected', [
    ((1, 2), [7, 7, 7]),
    ((2, 1), [7, 7, 7]),
    ((3, 1), [7, 7, 7, 7, 7]),
])  # fmt: skip
def test_a_single_patch_knows_one_offset(new: tuple, expected: list[float]) -> None:
    table = torch.tensor([7.0, 1, 2, 3])[:, None]
    assert resize_table(table, (1, 1), new)[:, 0].tolist() == [*expected, 1, 2, 3]
    # one offset to each side: between them and beyond, straight lines
    row = torch.tensor([0.0, 10, 40, 1, 2, 3])[:, None]
    found = resize_table(row, (1, 2), (1, 3))[:5, 0]
    torch.testing.assert_close(found, torch.tensor([0.0, 5, 10, 25, 40]))


def test_published_tables_are_resized_on_loading() -> None:
    """Tables of 224 pixels for a grid of 4 x 6: ours and timm's, given them by hand."""
    published = timm_beit((224, 224)).state_dict()
    resized = {
        key: resize_table(value, (14, 14), (4, 6)) if key.endswith(TABLE) else value
        for key, value in published.items()
        if not key.endswith('relative_position_index')
    }
    theirs = timm_beit()
    assert theirs.load_state_dict(resized, strict=False).unexpected_keys == []
    with torch.no_grad():
        maps = theirs.forward_intermediates(IMAGE, intermediates_only=True)
    check(ours(), convert(published), maps)


@pytest.mark.parametrize('rows', [2, 3, 27, 7 * 7 + 2, 6 * 6 + 3])
def test_no_square_grid(rows: int) -> None:
    with pytest.raises(CheckpointError, match=f'of {rows} position biases'):
        square_grid(rows)
    assert square_grid(27 * 27 + 3) == (14, 14)
