"""The compiled loops of the permutohedral lattice; importing this needs numba."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Codes = NDArray[np.int64]

_EMPTY = np.int64(-1)


def compiled(**options: Any) -> Callable[[Any], Any]:
    """Compile for threads, and keep the result on disk where a folder allows it."""

    def decorate(function: Any) -> Any:
        try:
            return njit(function, nogil=True, cache=True, **options)
        except RuntimeError:  # no folder that can be written
            return njit(function, nogil=True, **options)

    return decorate


@compiled()
def embed(
    features: Floats,
    start: int,
    stop: int,
    scale: Floats,
    corner: Ints,
    rank: Ints,
    weight: Floats,
) -> None:
    """Find the simplex around each feature vector, and the weights of its corners.

    float32 throughout and in one fixed order, for the weights inherit the rounding of
    coordinates that are large beside them.

    Args:
        features: N x d.
        start: The first row to do.
        stop: The row behind the last.
        scale: d factors that turn features into units of the lattice.
        corner: Receives N x (d + 1), the simplex's corner of remainder 0.
        rank: Receives N x (d + 1), the order of the coordinates in it.
        weight: Receives N x (d + 1), barycentric, by remainder.
    """
    d = features.shape[1]
    up = np.float32(d + 1)
    down = np.float32(1) / up
    raised = np.empty(d + 1, np.float32)
    share = np.empty(d + 2, np.float32)
    for p in range(start, stop):
        total = np.float32(0)
        for j in range(d, 0, -1):
            step = features[p, j - 1] * scale[j - 1]
            raised[j] = total - np.float32(j) * step
            total += step
        raised[0] = total
        excess = np.int32(0)
        for i in range(d + 1):
            nearest = np.rint(raised[i] * down)
            corner[p, i] = np.int32(nearest) * (d + 1)
            excess += np.int32(nearest)
            rank[p, i] = 0
            share[i] = np.float32(0)
        share[d + 1] = np.float32(0)
        for i in range(d):
            here = raised[i] - np.float32(corner[p, i])
            for j in range(i + 1, d + 1):
                if here < raised[j] - np.float32(corner[p, j]):
                    rank[p, i] += 1
                else:
                    rank[p, j] += 1
        for i in range(d + 1):
            place = rank[p, i] + excess
            shift = 0
            if place < 0:
                shift = d + 1
            elif place > d:
                shift = -(d + 1)
            place += shift
            corner[p, i] += shift
            rank[p, i] = place
            part = (raised[i] - np.float32(corner[p, i])) * down
            share[d - place] += part
            share[d - place + 1] -= part
        share[0] += np.float32(1) + share[d + 1]
        for i in range(d + 1):
            weight[p, i] = share[i]


@compiled()
def _slot(code: int, mask: int) -> Any:
    """Return where in the table to look first."""
    mixed = np.uint64(code) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed >> np.uint64(32)) & np.uint64(mask))


@compiled()
def _find(code: int, codes: Codes) -> Any:
    """Return the slot that holds a code, or the empty one where it belongs."""
    mask = len(codes) - 1
    slot = _slot(code, mask)
    while codes[slot] != _EMPTY and codes[slot] != code:
        slot = (slot + 1) & mask
    return slot


@compiled()
def number(
    corner: Ints, rank: Ints, low: Codes, base: Codes, index: Ints
) -> tuple[Codes, Ints, Codes]:
    """Number the lattice points from 1 in the order in which pixels meet them.

    Args:
        corner: N x (d + 1), see `embed`.
        rank: N x (d + 1), see `embed`.
        low: d, the least value of each coordinate.
        base: d, the weight of each coordinate in a point's code.
        index: Receives N x (d + 1), the rows of the simplices' corners.

    Returns:
        A hash table (codes and rows, its length a power of 2) and each row's code,
        of which the first stands for no point.
    """
    pixels, d1 = corner.shape
    d = d1 - 1
    codes = np.full(1 << 14, _EMPTY)
    rows = np.zeros(1 << 14, np.int32)
    order = np.empty(1 << 13, np.int64)
    order[0] = _EMPTY
    count = 1
    last = np.full(d1, _EMPTY)
    for p in range(pixels):
        origin = np.int64(0)
        for i in range(d):
            origin += (corner[p, i] - low[i]) * base[i]
        for k in range(d1):
            code = origin
            for i in range(d):
                code += (k if rank[p, i] <= d - k else k - d1) * base[i]
            if code == last[k]:
                # Neighbours in the image mostly share a simplex.
                index[p, k] = index[p - 1, k]
                continue
            last[k] = code
            slot = _find(code, codes)
            if codes[slot] == _EMPTY:
                if count == len(order):
                    longer = np.empty(2 * count, np.int64)
                    longer[:count] = order
                    order = longer
                    codes = np.full(4 * count, _EMPTY)
                    rows = np.zeros(4 * count, np.int32)
                    for row in range(1, count):
                        place = _find(order[row], codes)
                        codes[place] = order[row]
                        rows[place] = row
                    slot = _find(code, codes)
                codes[slot] = code
                rows[slot] = count
                order[count] = code
                count += 1
            index[p, k] = rows[slot]
    return codes, rows, order[:count].copy()


@compiled()
def link(codes: Codes, rows: Ints, order: Codes, base: Codes, near: Ints) -> None:
    """Find the two neighbours of every point along every axis; row 0 if there is none.

    Args:
        codes: The table's codes, see `number`.
        rows: The table's rows.
        order: M + 1 codes of the points.
        base: d, the weight of each coordinate in a code.
        near: Receives (d + 1) x (M + 1) x 2.
    """
    d = len(base)
    for axis in range(d + 1):
        step = base.sum()
        if axis < d:
            step -= (d + 1) * base[axis]
        for row in range(1, len(order)):
            for side in range(2):
                code = order[row] + (step if side else -step)
                near[axis, row, side] = rows[_find(code, codes)]


@compiled()
def blur(old: Floats, new: Floats, near: Ints, start: int, stop: int) -> None:
    """Add half of both neighbours to each of some rows, along one axis.

    Args:
        old: (M + 1) x C; row 0 is zero.
        new: Receives the rows.
        near: (M + 1) x 2 rows.
        start: The first row to do.
        stop: The row behind the last.
    """
    half = np.float32(0.5)
    for row in range(start, stop):
        left = old[near[row, 0]]
        right = old[near[row, 1]]
        for c in range(old.shape[1]):
            new[row, c] = old[row, c] + half * (left[c] + right[c])


@compiled()
def splat(index: Ints, weight: Floats, values: Floats, rows: Floats) -> None:
    """Add the pixels' values, N x C, to the lattice's rows, (M + 1) x C."""
    for p in range(len(index)):
        for k in range(index.shape[1]):
            for c in range(values.shape[1]):
                rows[index[p, k], c] += weight[p, k] * values[p, c]


@compiled()
def gather(index: Ints, weight: Floats, rows: Floats, values: Floats) -> None:
    """Add the lattice's rows, (M + 1) x C, to the pixels' values, N x C."""
    for p in range(len(index)):
        for k in range(index.shape[1]):
            for c in range(values.shape[1]):
                values[p, c] += weight[p, k] * rows[index[p, k], c]
