"""Charts as numbers: bars and maps that know the images behind each bin."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Histogram:
    """Bars.

    Attributes:
        title: What is shown.
        axis: What the bins are, with its unit.
        unit: What the values count.
        bins: Name of each bin, B.
        values: (B,) float64.
        members: For each bin the rows of the images behind it, those that contribute
            most first.
        names: ``file_name`` of each row.
        edges: (B + 1,) limits of the bins; None where the bins are categories.
        colours: RGB colour of each bin; None leaves it to the reader.
    """

    title: str
    axis: str
    unit: str
    bins: tuple[str, ...]
    values: Values
    members: tuple[Rows, ...]
    names: tuple[str, ...]
    edges: Values | None = None
    colours: tuple[tuple[int, int, int], ...] | None = None

    def images(self, number: int) -> tuple[str, ...]:
        """Return the names of the images behind a bin."""
        return tuple(self.names[row] for row in self.members[number])


@dataclass(frozen=True)
class Heatmap:
    """A map of values.

    Attributes:
        title: What is shown.
        x_axis: What the columns are.
        y_axis: What the lines are, from the top.
        unit: What the values count.
        columns: Name of each column, X.
        lines: Name of each line, Y.
        values: (Y, X) float64.
        members: ``members[line][column]``: the rows of the images behind a field.
        names: ``file_name`` of each row.
    """

    title: str
    x_axis: str
    y_axis: str
    unit: str
    columns: tuple[str, ...]
    lines: tuple[str, ...]
    values: Values
    members: tuple[tuple[Rows, ...], ...]
    names: tuple[str, ...]

    def images(self, line: int, column: int) -> tuple[str, ...]:
        """Return the names of the images behind a field."""
        return tuple(self.names[row] for row in self.members[line][column])


def short(value: float) -> str:
    """Write a number with three digits, never with an exponent."""
    if abs(value) >= 1000 or value == 0:
        return f'{value:.0f}'
    return np.format_float_positional(value, 3, fractional=False, trim='-')


def group_rows(
    bins: NDArray[np.integer], rows: NDArray[np.integer], number: int
) -> tuple[Rows, ...]:
    """Sort images into bins.

    Args:
        bins: (K,) bin of each entry; those outside 0..number-1 are left out.
        rows: (K,) row of the image of each entry.
        number: Number of bins B.

    Returns:
        B arrays of distinct rows, those with most entries first, then by row.
    """
    inside = (bins >= 0) & (bins < number)
    stride = int(rows.max(initial=0)) + 1
    keys = bins[inside].astype(np.int64) * stride + rows[inside]
    found, counts = np.unique(keys, return_counts=True)
    order = np.lexsort((found, -counts, found // stride))
    limits = np.searchsorted(found // stride, np.arange(number + 1))
    members = (found % stride)[order]
    return tuple(members[a:b] for a, b in pairwise(limits))


def find_bins(values: Values, edges: Values) -> NDArray[np.int64]:
    """Return the bin of each value; the last bin holds its upper limit too.

    Args:
        values: (K,); NaN falls outside.
        edges: (B + 1,) rising limits.

    Returns:
        (K,) from 0 to B - 1; -1 or B where a value lies outside.
    """
    bins = np.searchsorted(edges, values, side='right') - 1
    bins[values == edges[-1]] = len(edges) - 2
    return bins.astype(np.int64)


def histogram(
    title: str,
    axis: str,
    unit: str,
    values: Values,
    rows: NDArray[np.integer],
    edges: Values,
    names: Sequence[str],
    bins: Sequence[str] | None = None,
) -> Histogram:
    """Count values between limits.

    Args:
        title: See `Histogram`.
        axis: See `Histogram`.
        unit: See `Histogram`.
        values: (K,) the values.
        rows: (K,) row of the image that each is from.
        edges: (B + 1,) rising limits.
        names: ``file_name`` of each row.
        bins: Names of the bins; None makes them of the limits.

    Returns:
        The bars; values outside the limits are not counted.
    """
    values = np.asarray(values, np.float64)
    edges = np.asarray(edges, np.float64)
    number = len(edges) - 1
    place = find_bins(values, edges)
    inside = (place >= 0) & (place < number)
    counts = np.bincount(place[inside], minlength=number).astype(np.float64)
    named = bins or [f'{short(low)}–{short(high)}' for low, high in pairwise(edges)]
    members = group_rows(place, rows, number)
    return Histogram(
        title, axis, unit, tuple(named), counts, members, tuple(names), edges
    )
