"""The file of class weights, and how a config states weights and frequencies."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .errors import DataError
from .fileio import atomic_write
from .metainfo import CLASSES, CLASSES_COHORT1

UNITS = ('pixels', 'instances', 'images')
"""What can be counted."""

ClassWeight = Sequence[float] | str | Mapping[str, Any] | None
"""How a config states weights of classes, see :func:`class_weights`."""


@dataclass(frozen=True)
class ClassBalance:
    """What a file of class weights holds.

    Attributes:
        classes: Names of the C classes, in the order of the labels.
        weights: Weights of the classes, mean 1.
        method: How they were computed.
        counted: The unit that was counted, one of :data:`UNITS`.
        counts: The number of each class by unit, C integers each.
        source: The files that were counted.
    """

    classes: list[str]
    weights: list[float]
    method: str
    counted: str
    counts: dict[str, list[int]]
    source: str


def write_balance(balance: ClassBalance, path: str | os.PathLike[str]) -> None:
    """Write a file of class weights, whole or not at all."""
    with atomic_write(path) as temporary:
        text = json.dumps(asdict(balance), indent=2) + '\n'
        temporary.write_text(text, encoding='utf-8')


def read_balance(
    path: str | os.PathLike[str], classes: Sequence[str] | None = None
) -> ClassBalance:
    """Read a file of class weights.

    Args:
        path: What :func:`write_balance` wrote.
        classes: The names that it must have, in this order; None takes the project's,
            of the first cohort or the later ones.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The file is another, has other classes, or a number in it is wrong.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            f'{file}: no such file of class weights; tools/data/class_weights.py '
            'writes one'
        )
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
        balance = ClassBalance(
            **{f.name: content[f.name] for f in fields(ClassBalance)}
        )
        lists = [balance.weights, *(balance.counts[unit] for unit in UNITS)]
        table = np.array(lists, np.float64)
    except (ValueError, KeyError, TypeError) as error:
        reason = f'lacks {error}' if isinstance(error, KeyError) else error
        raise DataError(
            f'{file}: not a file of tools/data/class_weights.py: {reason}'
        ) from None
    if table.shape[-1:] != (len(balance.classes),):
        raise DataError(
            f'{file}: {table.shape[-1]} weights for {len(balance.classes)} classes'
        )
    if not np.isfinite(table).all() or (table < 0).any():
        raise DataError(f'{file}: weights and counts must be finite and at least 0')
    known = (CLASSES, CLASSES_COHORT1) if classes is None else (tuple(classes),)
    if tuple(balance.classes) not in known:
        raise DataError(
            f'{file}: is for the classes {balance.classes}, expected {list(known[0])}; '
            "classes of one's own are named by dict(file=..., classes=[...])"
        )
    return balance


def class_weights(value: ClassWeight) -> list[float] | None:
    """Turn what a config says into weights.

    Args:
        value: Numbers, one per class; the path of a file that
            tools/data/class_weights.py wrote; for classes of one's own
            ``dict(file=path, classes=[...])``, by whose names the file is checked; or
            None.

    Returns:
        The weights, finite and at least 0, in the order of the labels; None for None.

    Raises:
        ValueError: A number is negative or not finite.
        FileNotFoundError: There is no such file.
        DataError: The file has a fault, see :func:`read_balance`.
    """
    if value is None:
        return None
    if isinstance(value, (str, Mapping)):
        return [float(weight) for weight in _read(value, 'class_weight').weights]
    weights = [float(weight) for weight in value]
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError(f'class_weight must be finite and at least 0, got {value}')
    return weights


def class_frequencies(value: ClassWeight) -> list[float]:
    """Turn what a config says into the shares of the classes among the pixels.

    Args:
        value: As in :func:`class_weights`, with counts or shares in place of weights; a
            file gives its counts of pixels. A class that does not occur gets the
            smallest share of the others.

    Returns:
        Positive numbers with the sum 1.

    Raises:
        ValueError: A number is negative or not finite, or none is positive.
        FileNotFoundError: There is no such file.
        DataError: The file has a fault, see :func:`read_balance`.
    """
    counts: Any = value
    if isinstance(value, (str, Mapping)):
        counts = _read(value, 'class_frequency').counts['pixels']
    numbers = np.asarray(counts, np.float64)
    present = numbers > 0
    if not present.any() or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(
            f'class_frequency must be at least 0 and not all 0, got {value}'
        )
    numbers = np.where(present, numbers, numbers[present].min())
    return list((numbers / numbers.sum()).tolist())


def _read(value: str | Mapping[str, Any], name: str) -> ClassBalance:
    """Read the file that an argument names."""
    if isinstance(value, str):
        return read_balance(value)
    if 'file' not in value or set(value) - {'file', 'classes'}:
        raise ValueError(f'{name} must be dict(file=..., classes=[...]), got {value}')
    return read_balance(value['file'], value.get('classes'))
