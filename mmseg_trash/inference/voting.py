"""Hard voting over submission files: pure functions over label maps."""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .submission_format import COLUMNS, HEADER, SIZE

Labels = NDArray[np.uint8]

_FIELD_LIMIT = 1 << 24
_ZERO, _SPACE = ord('0'), ord(' ')


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
    if len(votes) != number or min(votes) <= 0:
        raise ValueError(f'expected {number} positive weights, got {votes}')
    # Sums that are equal but for rounding are equal.
    support = np.zeros(labels.shape, np.float64)
    for one in range(number):
        for other in range(number):
            support[one] += votes[other] * (labels[one] == labels[other])
    winner = support.round(9).argmax(0)
    chosen: Labels = np.take_along_axis(labels, winner[None], 0)[0]
    return chosen


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
    csv.field_size_limit(_FIELD_LIMIT)
    with Path(path).open(encoding='utf-8', newline='') as file:
        rows = csv.reader(file)
        if next(rows, None) != list(COLUMNS):
            raise DataError(f'{path}:1: expected the header {HEADER!r}')
        for row in rows:
            where = f'{path}:{rows.line_num}'
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
    spaces = np.flatnonzero(signs == _SPACE)
    starts = np.concatenate([[0], spaces + 1])
    lengths = np.concatenate([spaces, [len(signs)]]) - starts
    digits = signs.astype(np.int16) - _ZERO
    digits[spaces] = 0
    wrong = (digits < 0) | (digits > 9)
    if wrong.any() or lengths.min() < 1 or lengths.max() > 3:
        raise ValueError('expected integers from 0 to 255 between single spaces')
    ends = starts + lengths - 1
    values = digits[ends].copy()
    for place, factor in ((1, 10), (2, 100)):
        longer = lengths > place
        values[longer] += factor * digits[ends[longer] - place]
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
        for path, member in zip(paths[1:], members[1:]):
            more = next(member, None)
            if more is not None:
                raise DataError(f'{path}: has {more[0]!r} besides, unlike {paths[0]}')
