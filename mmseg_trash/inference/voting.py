"""Hard voting over submission files: pure functions over label maps."""

import csv
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .submission_format import COLUMNS, HEADER, SIZE

Labels = NDArray[np.uint8]

_FIELD_LIMIT = 1 << 24
_SHOWN = 60
_ZERO, _SPACE = np.uint8(ord('0')), ord(' ')


def hard_vote(labels: Labels, weights: Sequence[float] | None = None) -> Labels:
    """Choose the label with the most votes for every pixel.

    Of labels with as many votes, the one of the member that comes first wins.

    Args:
        labels: (members, H, W).
        weights: Votes of each member, positive; None is one each.

    Returns:
        (H, W), the dtype of ``labels``.

    Raises:
        ValueError: There are no members, or the weights do not fit.
    """
    number = len(labels)
    if not number:
        raise ValueError('expected at least one member')
    votes = [1.0] * number if weights is None else [float(w) for w in weights]
    if len(votes) != number or not all(0 < vote < math.inf for vote in votes):
        raise ValueError(f'expected {number} positive weights, got {votes}')
    return most_supported(labels, _support(labels, votes))


def most_supported(labels: Labels, support: NDArray[Any]) -> Labels:
    """Choose the label with the most support for every pixel; the first wins a tie.

    Args:
        labels: (members, H, W).
        support: What speaks for each member's label, (members, H, W).

    Returns:
        (H, W), the dtype of ``labels``.
    """
    most, chosen = support[0].copy(), labels[0].copy()
    for member in range(1, len(labels)):
        np.copyto(chosen, labels[member], where=support[member] > most)
        np.maximum(most, support[member], out=most)
    return chosen


def _support(labels: Labels, votes: Sequence[float]) -> NDArray[Any]:
    """Return the votes behind each member's label, (members, H, W)."""
    if len(labels) < 256 and len(set(votes)) == 1:
        counts = np.ones(labels.shape, np.uint8)
        for one, other in combinations(range(len(labels)), 2):
            agree = (labels[one] == labels[other]).view(np.uint8)
            counts[one] += agree
            counts[other] += agree
        return counts
    sums = np.empty(labels.shape, np.float64)
    sums[:] = np.reshape(votes, (-1, 1, 1))
    for one, other in combinations(range(len(labels)), 2):
        agree = labels[one] == labels[other]
        sums[one] += votes[other] * agree
        sums[other] += votes[one] * agree
    # Sums that are equal but for rounding are equal.
    return sums.round(9)


def read_submission(
    path: str | os.PathLike[str], size: int = SIZE
) -> Iterator[tuple[str, Labels]]:
    """Read a submission CSV row by row.

    Args:
        path: The CSV.
        size: Side of its label maps in pixels.

    Yields:
        ``image_id`` and the label map, (size, size).

    Raises:
        FileNotFoundError: There is no such file.
        DataError: A row cannot be read; tools/validate_submission.py says more.
    """
    try:
        yield from _rows(path, size)
    except (csv.Error, UnicodeDecodeError, IsADirectoryError) as error:
        raise DataError(f'{path}: is no CSV in UTF-8: {error}') from error


def _rows(path: str | os.PathLike[str], size: int) -> Iterator[tuple[str, Labels]]:
    with Path(path).open(encoding='utf-8', newline='') as file:
        header = file.readline()
        if _split(header) != list(COLUMNS):
            found = header[:_SHOWN]
            raise DataError(f'{path}:1: expected the header {HEADER!r}, got {found!r}')
        for number, line in enumerate(file, 2):
            row, where = _split(line), f'{path}:{number}'
            if len(row) != len(COLUMNS):
                raise DataError(f'{where}: {len(row)} columns, expected {len(COLUMNS)}')
            try:
                label = parse_labels(row[1].encode('ascii'))
            except ValueError as error:
                raise DataError(f'{where}: {row[0]}: {error}') from error
            if label.size != size * size:
                raise DataError(
                    f'{where}: {row[0]}: {label.size} integers, expected {size * size}'
                )
            yield row[0], label.reshape(size, size)


def _split(line: str) -> list[str]:
    """Return the fields of a line; csv's reader looks at every sign of it."""
    line = line.rstrip('\r\n')
    if '"' not in line:
        return line.split(',') if line else []
    csv.field_size_limit(_FIELD_LIMIT)
    return next(csv.reader([line]))


def parse_labels(text: bytes) -> Labels:
    """Read integers between single spaces, a vectorised ``text.split()``.

    Args:
        text: Integers from 0 to 255 of one to three digits, in ASCII.

    Returns:
        The integers, uint8.

    Raises:
        ValueError: Something else stands there.
    """
    signs = np.frombuffer(text, np.uint8)
    is_space = signs == _SPACE
    spaces = np.flatnonzero(is_space)
    digits = signs - _ZERO  # what is no digit becomes 10 or more
    ends = np.append(spaces, len(signs))
    lengths = np.diff(ends, prepend=-1) - 1
    if ((digits > 9) & ~is_space).any() or lengths.min() < 1 or lengths.max() > 3:
        raise ValueError('expected integers from 0 to 255 between single spaces')
    values = digits[ends - 1].astype(np.int16)
    for place, factor in ((1, 10), (2, 100)):
        longer = np.flatnonzero(lengths > place)
        values[longer] += factor * digits[ends[longer] - 1 - place].astype(np.int16)
    if values.max() > 255:
        raise ValueError(f'label {values.max()} is out of range, expected 0 to 255')
    return values.astype(np.uint8)


def vote_rows(
    paths: Sequence[str | os.PathLike[str]],
    weights: Sequence[float] | None = None,
    size: int = SIZE,
) -> Iterator[tuple[str, Labels]]:
    """Vote over submission files, row by row, in the memory of one row of each.

    Args:
        paths: The CSV files, all with the same images in the same order.
        weights: See :func:`hard_vote`.
        size: Side of their label maps in pixels.

    Yields:
        ``image_id`` and the label map that won, (size, size).

    Raises:
        FileNotFoundError: There is no such file.
        DataError: A file cannot be read, or has other images or another order.
    """
    with ExitStack() as stack:
        members = [read_submission(path, size) for path in paths]
        for member in members:
            stack.callback(member.close)  # type: ignore[attr-defined]
        number = 0
        for number, first in enumerate(members[0], 1):
            rows = [first, *(next(member, None) for member in members[1:])]
            for path, row in zip(paths, rows):
                if row is None or row[0] != first[0]:
                    found = 'no row' if row is None else repr(row[0])
                    raise DataError(
                        f'{path}: {found} in row {number}, where {paths[0]} has '
                        f'{first[0]!r}; the files must agree in images and order'
                    )
            labels = np.stack([row[1] for row in rows if row is not None])
            yield first[0], hard_vote(labels, weights)
        if not number:
            raise DataError(f'{paths[0]}: has no rows')
        for path, member in zip(paths[1:], members[1:]):
            more = next(member, None)
            if more is not None:
                raise DataError(f'{path}: has {more[0]!r} besides, unlike {paths[0]}')
