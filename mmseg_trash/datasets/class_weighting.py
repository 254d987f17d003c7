"""Weights of classes from how often they occur."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..class_balance import UNITS, ClassBalance
from .statistics import class_statistics

METHODS = ('inverse', 'median', 'effective', 'complement')
"""The ways to turn counts into weights."""


def inverse_weights(counts: Sequence[float] | np.ndarray) -> np.ndarray:
    """Weigh classes by 1/n.

    Args:
        counts: Number of each class n, (C,), at least 0.

    Returns:
        (C,) float64, mean 1; see :func:`normalized` for absent classes.
    """
    return normalized(counts, lambda n: 1 / n)


def median_weights(
    counts: Sequence[float] | np.ndarray, extents: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Weigh classes by the median frequency over their own (Eigen and Fergus, 2015).

    Args:
        counts: Number of each class, (C,), at least 0.
        extents: What the frequency refers to, (C,); for pixels in the paper, the pixels
            of the images that show the class.

    Returns:
        (C,) float64, mean 1; see :func:`normalized` for absent classes.
    """
    divisor = np.maximum(np.asarray(extents, np.float64), 1)
    frequency = np.asarray(counts, np.float64) / divisor
    return normalized(frequency, lambda f: np.median(f) / f)


def effective_weights(
    counts: Sequence[float] | np.ndarray, beta: float | None = None
) -> np.ndarray:
    """Weigh classes by 1 over their effective number (Cui et al., 2019, equation 2).

    The effective number of n samples is (1 - β^n) / (1 - β).

    Args:
        counts: Number of each class n, (C,), at least 0.
        beta: The number β in [0, 1). None takes 1 - 1/N with N the sum of the counts:
            for a smaller β, β^n vanishes for counts of pixels, and all weights are one.

    Returns:
        (C,) float64, mean 1; see :func:`normalized` for absent classes.

    Raises:
        ValueError: ``beta`` is out of its range.
    """
    if beta is None:
        beta = 1 - 1 / max(float(np.sum(counts)), 2)
    if not 0 <= beta < 1:
        raise ValueError(f'beta must lie in [0, 1), got {beta}')
    if beta == 0:
        return normalized(counts, np.ones_like)
    # 1 - β^n without the loss of digits for β near 1
    return normalized(counts, lambda n: -1 / np.expm1(n * math.log(beta)))


def complement_weights(counts: Sequence[float] | np.ndarray) -> np.ndarray:
    """Weigh classes by 1 - n/N, with N the sum of the counts: a mild weighting.

    Args:
        counts: Number of each class n, (C,), at least 0.

    Returns:
        (C,) float64, mean 1; see :func:`normalized` for absent classes.
    """
    return normalized(counts, lambda n: 1 - n / n.sum())


def normalized(
    counts: Sequence[float] | np.ndarray, rule: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Apply a rule to the counts of the classes that occur, and scale to the mean 1.

    A class that does not occur gets the largest weight of the others: no label can show
    it where these were counted, and elsewhere it is at least as rare.

    Args:
        counts: Number of each class, (C,), at least 0.
        rule: Turns the positive counts, float64, into weights.

    Returns:
        (C,) float64, at least 0.

    Raises:
        ValueError: A count is negative or not finite, or none is positive.
    """
    numbers = np.asarray(counts, np.float64)
    present = numbers > 0
    if not present.any() or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f'counts must be at least 0 and not all 0, got {counts}')
    weights = np.zeros_like(numbers)
    weights[present] = rule(numbers[present])
    weights[~present] = weights[present].max()
    total = weights.sum()
    # one class alone has the complement 0
    return weights * (len(weights) / total) if total else np.ones_like(weights)


def balance_classes(
    classes: Sequence[str],
    class_counts: np.ndarray,
    instance_labels: np.ndarray,
    background: int,
    method: str = 'median',
    counted: str = 'pixels',
    beta: float | None = None,
    source: str = '',
) -> ClassBalance:
    """Count a data set and weigh its classes.

    Args:
        classes: Names of the classes, C.
        class_counts: (N, C) pixels per image, from ``TrashDataset.class_counts``.
        instance_labels: (M,) labels, from ``TrashDataset.instance_index``.
        background: Label of what is no object; each image that shows it counts as one
            instance. C or more if there is none.
        method: One of :data:`METHODS`.
        counted: What is counted, one of ``UNITS``.
        beta: Of ``'effective'``, see :func:`effective_weights`.
        source: Names of the files, for the record.

    Returns:
        What :func:`~mmseg_trash.class_balance.write_balance` writes.

    Raises:
        ValueError: An argument is out of its range, or there is no pixel to count.
    """
    if method not in METHODS or counted not in UNITS:
        raise ValueError(
            f'method must be one of {METHODS} and counted one of {UNITS}, '
            f'got {method!r} and {counted!r}'
        )
    numbers = class_statistics(class_counts, instance_labels)
    if background < len(classes):
        numbers.instances[background] = numbers.images[background]
    counts = numbers._asdict()
    number = counts[counted]
    if method == 'median':
        shown = np.asarray(class_counts) > 0
        extents = (shown * np.sum(class_counts, axis=1, keepdims=True)).sum(axis=0)
        extents = extents if counted == 'pixels' else np.full_like(number, number.sum())
        weights = median_weights(number, extents)
    elif method == 'effective':
        weights = effective_weights(number, beta)
    else:
        weights = dict(inverse=inverse_weights, complement=complement_weights)[method](
            number
        )
    return ClassBalance(
        classes=list(classes),
        weights=[float(f'{weight:.6g}') for weight in weights.tolist()],
        method=method if beta is None else f'{method}, beta {beta}',
        counted=counted,
        counts={unit: counts[unit].tolist() for unit in UNITS},
        source=source,
    )
