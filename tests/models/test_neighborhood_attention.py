"""Neighbourhood attention against NATTEN's numbers and against plain loops."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mmseg_trash.models.layers import (
    NeighborhoodAttention,
    gathered_attention,
    neighborhood_attention,
)
from mmseg_trash.models.layers.neighborhood_tiles import map_tiles

DATA = Path(__file__).parents[1] / 'data'
# height, width, K, dilation: smallest maps, groups of two lengths, tiles that overlap,
# whole groups in a tile, one long axis, every residue of the dilation.
CASES = [
    (3, 3, 3, 1), (5, 9, 5, 1), (7, 23, 3, 1), (9, 8, 3, 2), (10, 13, 3, 3),
    (11, 15, 5, 2), (12, 17, 3, 4), (16, 17, 7, 2), (11, 27, 11, 1), (29, 7, 7, 1),
    (25, 21, 1, 2),
]  # fmt: skip


def loops(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    size: int,
    dilation: int,
    rpb: np.ndarray,
) -> np.ndarray:
    """Write the definition down token by token, one head: (H, W, D)."""
    height, width, channels = q.shape
    out = np.zeros_like(q)

    def axis(i: int, length: int) -> list[tuple[int, int]]:
        """Return token and row of the bias of every neighbour."""
        members = [t for t in range(length) if t % dilation == i % dilation]
        here = members.index(i)
        first = min(max(here - size // 2, 0), len(members) - size)
        return [(members[n], n - here + size - 1) for n in range(first, first + size)]

    for i in range(height):
        for j in range(width):
            near = [(*a, *b) for a in axis(i, height) for b in axis(j, width)]
            logits = [
                q[i, j] @ k[a, b] / channels**0.5 + rpb[s, t] for a, s, b, t in near
            ]
            weights = np.exp(logits) / np.exp(logits).sum()
            for weight, (a, _, b, _) in zip(weights, near):
                out[i, j] += weight * v[a, b]
    return out


def inputs(
    case: tuple[int, int, int, int], batch: int = 1, heads: int = 2
) -> list[Tensor]:
    """Draw queries, keys, values and biases in double precision."""
    height, width, size, _ = case
    generator = torch.Generator().manual_seed(height * width)
    shapes = [(batch, height, width, heads, 4)] * 3
    shapes += [(heads, 2 * size - 1, 2 * size - 1)]
    return [torch.randn(s, generator=generator, dtype=torch.double) for s in shapes]


@pytest.mark.parametrize('case', CASES, ids=str)
def test_equals_the_definition_at_every_token(case: tuple[int, int, int, int]) -> None:
    *_, size, dilation = case
    q, k, v, rpb = inputs(case, heads=1)
    arrays = (x.squeeze().view(*case[:2], 4).numpy() for x in (q, k, v))
    expected = torch.from_numpy(loops(*arrays, size, dilation, rpb[0].numpy()))
    for function in (neighborhood_attention, gathered_attention):
        found = function(q, k, v, size, dilation, rpb)[0, :, :, 0]
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize(
    'file', ['na2d_natten0175.npz', 'na2d_natten0175_dilation12.npz']
)
def test_equals_natten(file: str) -> None:
    golden = np.load(DATA / file)
    count = sum(name.endswith('_cfg') for name in golden.files)
    assert count >= 1
    for n in range(count):
        *_, size, dilation = golden[f'{n}_cfg'].tolist()
        # NATTEN keeps heads before rows.
        q, k, v, expected = (
            torch.from_numpy(golden[f'{n}_{name}']).movedim(1, 3)
            for name in ('q', 'k', 'v', 'out')
        )
        rpb = torch.from_numpy(golden[f'{n}_rpb'])
        for function in (neighborhood_attention, gathered_attention):
            found = function(q, k, v, size, dilation, rpb)
            torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize('case', [*CASES, (40, 41, 7, 1), (24, 40, 5, 3)], ids=str)
def test_gradients_equal_those_of_the_definition(
    case: tuple[int, int, int, int],
) -> None:
    *_, size, dilation = case
    grads = []
    for function in (neighborhood_attention, gathered_attention):
        leaves = [x.requires_grad_() for x in inputs(case, batch=2)]
        out = function(*leaves[:3], size, dilation, leaves[3])
        (out * torch.arange(out.numel()).view_as(out).cos()).sum().backward()
        grads.append([x.grad for x in leaves])
    for found, expected in zip(*grads):
        assert float(expected.abs().max()) > 0 or size == 1
        torch.testing.assert_close(found, expected, atol=1e-11, rtol=1e-9)


def test_no_bias_and_another_scale() -> None:
    q, k, v, _ = inputs((12, 10, 5, 2))
    found = neighborhood_attention(q, k, v, 5, 2, scale=0.3)
    expected = gathered_attention(q, k, v, 5, 2, scale=0.3)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype) -> None:
    exact = [x.float() for x in inputs((20, 33, 7, 1))]
    leaves = [x.to(dtype).requires_grad_() for x in exact]
    out = neighborhood_attention(*leaves[:3], 7, 1, leaves[3])
    expected = neighborhood_attention(*exact[:3], 7, 1, exact[3])
    assert out.dtype == dtype
    assert float((out.detach().float() - expected).abs().max()) < 0.1
    out.float().square().sum().backward()
    assert all(torch.isfinite(x.grad).all() and x.grad.any() for x in leaves)


def test_patterns_do_not_grow_with_the_map() -> None:
    tiles = [map_tiles(s, s, 7, 1, torch.device('cpu')) for s in (64, 128)]
    assert [len(t.query) for t in tiles] == [9, 9]
    assert tiles[0] is map_tiles(64, 64, 7, 1, torch.device('cpu'))


def test_tables_made_while_predicting_serve_training() -> None:
    map_tiles.cache_clear()
    layer = NeighborhoodAttention(8, 2, 3, 2)
    x = torch.randn(1, 9, 7, 8)
    with torch.inference_mode():
        layer(x)
    layer(x).sum().backward()
    assert layer.rpb.grad.abs().sum() > 0


@pytest.mark.parametrize('size', [(5, 20), (20, 5), (3, 2), (1, 1)], ids=str)
def test_small_maps_are_padded_before_the_projection(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = NeighborhoodAttention(8, 2, kernel_size=3, dilation=2)
    x = torch.randn(2, *size, 8)
    padded = torch.zeros(2, max(size[0], 6), max(size[1], 6), 8)
    padded[:, : size[0], : size[1]] = x
    q, k, v = layer.qkv(padded).unflatten(-1, (3, 2, 4)).unbind(3)
    out = gathered_attention(q, k, v, 3, 2, layer.rpb).flatten(-2)
    expected = layer.proj(out[:, : size[0], : size[1]])
    torch.testing.assert_close(layer(x), expected)


def test_dropout_only_while_training() -> None:
    torch.manual_seed(0)
    layer = NeighborhoodAttention(8, 2, 3, attn_drop=0.5, proj_drop=0.5)
    x = torch.randn(1, 8, 8, 8)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert all(torch.equal(a, b) for a, b in pairwise([layer(x) for _ in range(3)]))


@pytest.mark.parametrize('options, words', [
    (dict(dim=9, num_heads=2), 'dim 9 is no multiple of num_heads 2'),
    (dict(dim=8, num_heads=2, kernel_size=4), 'kernel_size has to be odd.* not 4'),
    (dict(dim=8, num_heads=2, dilation=0), 'dilation has to be at least 1, not 0'),
])  # fmt: skip
def test_refuses_impossible_windows(options: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NeighborhoodAttention(**options)


def test_refuses_maps_and_tables_that_do_not_fit() -> None:
    q, k, v, rpb = inputs((8, 8, 5, 1))
    with pytest.raises(ValueError, match='8 tokens is shorter than .* = 5 \\* 2'):
        neighborhood_attention(q, k, v, 5, 2, rpb)
    with pytest.raises(ValueError, match='rpb has to be .2, 5, 5. for 2 heads'):
        neighborhood_attention(q, k, v, 3, 1, rpb)
