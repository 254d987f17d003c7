"""Resizing of BEiT's tables of relative position biases."""

from functools import lru_cache
from math import isqrt

import numpy as np
import torch
from torch import Tensor

from ..errors import CheckpointError

EXTRA_ROWS = 3
"""Rows behind the grid: class token to patch, patch to class token, both."""


def _geometric_positions(count: int, reach: int) -> np.ndarray:
    """Return 0, 1, 1 + q, 1 + q + q^2 ... of which the last, the count-th, is reach."""
    if count == 1:
        return np.array([0.0, reach])
    low, high = 1.0, float(reach)
    for _ in range(60):
        q = (low + high) / 2
        low, high = (q, high) if np.sum(q ** np.arange(count)) < reach else (low, q)
    steps = high ** np.arange(count)
    return np.concatenate([[0.0], np.cumsum(steps)])


@lru_cache(maxsize=64)
def _spline_weights(old: int, new: int) -> Tensor:
    """Return the weights, (2 new - 1, 2 old - 1), that stretch one axis of a table."""
    from scipy.interpolate import make_interp_spline

    if old == 1:
        return torch.ones(2 * new - 1, 1)
    half = _geometric_positions(old - 1, new - 1)
    knots = np.concatenate([-half[:0:-1], half])
    spline = make_interp_spline(knots, np.eye(2 * old - 1), k=min(3, 2 * old - 3))
    return torch.from_numpy(spline(np.arange(1 - new, new))).float()


def resize_table(table: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """Make the biases of one grid of patches those of another.

    A smaller grid takes the part of the table that it needs. A larger one keeps the
    biases of near patches and stretches the table towards its edge, as BEiT's authors
    do (Bao et al. 2021, arXiv:2106.08254, their code): the old offsets are taken to
    stand at distances that grow as a geometric series, and a cubic spline through them
    is read at every new offset. It is linear in the table, so gradients pass.

    Args:
        table: ((2h - 1) * (2w - 1) + 3, heads), row-major, the three rows of the class
            token behind.
        old: Height and width of the grid that the table is for, in patches.
        new: Height and width wanted.

    Returns:
        The table of the new grid, in the same type; the last three rows as they were.
    """
    if old == new:
        return table
    grid, rest = table[:-EXTRA_ROWS], table[-EXTRA_ROWS:]
    grid = grid.float().unflatten(0, (2 * old[0] - 1, 2 * old[1] - 1))
    for axis, (o, n) in enumerate(zip(old, new)):
        if n <= o:
            grid = grid.narrow(axis, o - n, 2 * n - 1)
        else:
            weights = _spline_weights(o, n).to(grid.device)
            grid = torch.tensordot(weights, grid.movedim(axis, 0), 1).movedim(0, axis)
    return torch.cat([grid.flatten(0, 1).to(table.dtype), rest])


def square_grid(rows: int) -> tuple[int, int]:
    """Return the grid of patches, as high as wide, that a table is for.

    Args:
        rows: Number of the table's rows.

    Raises:
        CheckpointError: No square grid has such a table.
    """
    side = isqrt(max(rows - EXTRA_ROWS, 0))
    if side % 2 == 0 or side * side + EXTRA_ROWS != rows:
        raise CheckpointError(f'a table of {rows} position biases is of no square grid')
    return (side + 1) // 2, (side + 1) // 2
