"""Which tokens a tile of queries and its keys are, in neighbourhood attention."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# Without a remainder on maps of 32 ... 160 tokens, so that a map has nine patterns.
TILE = 8


def window_starts(length: int, kernel_size: int, dilation: int) -> np.ndarray:
    """Return where the window of every token of an axis begins inside its group.

    Token i stands at position ``i // dilation`` of dilation group ``i % dilation``. At
    borders the window is shifted, never cut (NATTEN's rule).

    Returns:
        int64 (length,), positions inside the group.

    Raises:
        ValueError: The kernel is not odd, or the axis holds fewer tokens than
            ``kernel_size * dilation``.
    """
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f'kernel_size has to be odd and positive, not {kernel_size}')
    if dilation < 1:
        raise ValueError(f'dilation has to be at least 1, not {dilation}')
    if length < kernel_size * dilation:
        raise ValueError(
            f'an axis of {length} tokens is shorter than kernel_size * dilation = '
            f'{kernel_size} * {dilation}'
        )
    token = np.arange(length)
    tokens_of_group = -((token % dilation - length) // dilation)
    return np.clip(
        token // dilation - kernel_size // 2, 0, tokens_of_group - kernel_size
    )


class AxisTiles(NamedTuple):
    """The tiles of one axis.

    A tile is a run of queries inside one dilation group, with all keys that any of
    them sees. The last tile of a group ends at its last token and may overlap the one
    before.

    Attributes:
        query: int64 (tiles, T), index of the token.
        key: int64 (tiles, S), index of the token.
        relative: int64 (tiles, T, S), row of the position bias, in 0 ... 2K - 2;
            -1 where the key is no neighbour of the query.
        tile, place: int64 (length,), where a token stands as a query.
    """

    query: np.ndarray
    key: np.ndarray
    relative: np.ndarray
    tile: np.ndarray
    place: np.ndarray


def axis_tiles(length: int, kernel_size: int, dilation: int, size: int) -> AxisTiles:
    """Cut one axis into tiles of at most ``size`` queries."""
    starts = window_starts(length, kernel_size, dilation)
    longest = -(-length // dilation)
    keys = size + kernel_size - 1
    if longest <= keys:
        # A group fits whole into what one tile would gather anyway.
        size = keys = longest
    parts: list[tuple[np.ndarray, ...]] = []
    tile, place = np.empty_like(starts), np.empty_like(starts)
    count = 0
    for group in range(dilation):
        tokens = -((group - length) // dilation)
        tiles = -(-tokens // size)
        first = np.maximum(np.minimum(np.arange(tiles) * size, tokens - size), 0)
        query = np.minimum(first[:, None] + np.arange(size), tokens - 1)
        first_key = np.clip(first - kernel_size // 2, 0, max(tokens - keys, 0))
        key = first_key[:, None] + np.arange(keys)
        offset = key[:, None] - starts[query * dilation + group][..., None]
        relative = key[:, None] - query[..., None] + kernel_size - 1
        relative[(offset < 0) | (offset >= kernel_size)] = -1
        key = np.minimum(key, tokens - 1)
        parts.append((query * dilation + group, key * dilation + group, relative))
        position = np.arange(tokens)
        number = np.minimum(position // size, tiles - 1)
        tile[group::dilation] = count + number
        place[group::dilation] = position - first[number]
        count += tiles
    query, key, relative = (np.concatenate(part) for part in zip(*parts))
    return AxisTiles(query, key, relative, tile, place)


class MapTiles(NamedTuple):
    """The tiles of a map, those with one pattern of neighbours together.

    Attributes:
        query, key: One int64 tensor per pattern, (tiles * T * T,) and (tiles * S * S,),
            row-major indices of tokens.
        bias: int64 (patterns, T * T, S * S), index into the flat table of position
            biases with one entry more, which stands for "no neighbour".
        slot: int64 (height * width,), where every token stands among the queries of all
            patterns, one after the other.
    """

    query: tuple[Tensor, ...]
    key: tuple[Tensor, ...]
    bias: Tensor
    slot: Tensor


@lru_cache(maxsize=256)
def map_tiles(
    height: int,
    width: int,
    kernel_size: int,
    dilation: int,
    device: torch.device,
    size: int = TILE,
) -> MapTiles:
    """Cut a map into tiles; the tables of the last 256 kinds of map are kept.

    Raises:
        ValueError: See :func:`window_starts`.
    """
    rows = axis_tiles(height, kernel_size, dilation, size)
    columns = axis_tiles(width, kernel_size, dilation, size)
    row_kinds, row_kind = np.unique(rows.relative, axis=0, return_inverse=True)
    kinds, kind = np.unique(columns.relative, axis=0, return_inverse=True)
    span = 2 * kernel_size - 1
    i = row_kinds[:, None, :, None, :, None]
    j = kinds[None, :, None, :, None, :]
    bias = np.where((i >= 0) & (j >= 0), i * span + j, span * span)
    (tall, tall_keys), (wide, wide_keys) = row_kinds.shape[1:], kinds.shape[1:]
    bias = bias.reshape(-1, tall * wide, tall_keys * wide_keys)

    pattern = (row_kind.reshape(-1, 1) * len(kinds) + kind.reshape(1, -1)).ravel()
    order = np.argsort(pattern, kind='stable')
    cuts = np.cumsum(np.bincount(pattern, minlength=len(bias)))[:-1]
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))

    def tokens(row: np.ndarray, column: np.ndarray) -> list[np.ndarray]:
        flat = row[:, None, :, None] * width + column[None, :, None, :]
        flat = flat.reshape(len(order), -1)[order]
        return [part.ravel() for part in np.split(flat, cuts)]

    number = rank[rows.tile[:, None] * len(columns.query) + columns.tile]
    slot = (number * tall + rows.place[:, None]) * wide + columns.place

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.int64)).to(device)

    # Tables made while predicting have to serve a later training step too.
    with torch.inference_mode(False):
        return MapTiles(
            tuple(map(tensor, tokens(rows.query, columns.query))),
            tuple(map(tensor, tokens(rows.key, columns.key))),
            tensor(bias),
            tensor(slot.ravel()),
        )
