"""Paired bootstrap over images (Efron 1979) of the difference of two IoUs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError
from ..metrics.confusion import Counts, Floats, iou_from_confusion, mean_of_finite
from ..metrics.records import Records

DRAWS = 2000
"""Resamples of the images."""
KINDS = ('mIoU', 'trash')
"""Mean IoU of the classes; IoU of any object against background, which is class 0."""
BLOCK = 500
"""Resamples whose matrices are held at a time."""


@dataclass(frozen=True)
class Interval:
    """A difference of global IoUs and how far other images would move it.

    Attributes:
        difference: Change minus base on the images as they are, in points.
        low: Lower end of the 95 % interval over the resamples.
        high: Its upper end.
        below: Share of the resamples in which the change is worse, 0 to 1.
    """

    difference: float
    low: float
    high: float
    below: float

    def __str__(self) -> str:
        return f'{self.low:+.2f} to {self.high:+.2f}'


def paired_bootstrap(
    base: Sequence[Records],
    change: Sequence[Records],
    kind: str = 'mIoU',
    size: int = 0,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Draw the images with replacement, the same ones for both sides.

    Each draw adds up the confusion matrices of its images and computes global IoUs from
    the sums. Several runs of a side (seeds) share the draws: the images are drawn
    jointly, each run is scored by itself, and the scores are averaged, so that the
    difference is the mean over the runs that reports show.

    A class whose true pixels are all in images that a draw lacks is left out of that
    draw on both sides. A class that no image has counts as in the global mIoU: 0 for a
    side that predicts it.

    Args:
        base: Records of the base, one per run.
        change: Records of the change; matched by the images' names.
        kind: One of :data:`KINDS`.
        size: Side of the maps that were counted; 0 is full size.
        draws: Number of resamples.
        seed: Decides them, together with the sorted names.

    Returns:
        The interval, in points.

    Raises:
        ValueError: ``kind`` is unknown.
        DataError: A side has no runs, the images or their labels differ, or the size
            was not counted.
    """
    if kind not in KINDS:
        raise ValueError(f'kind {kind!r}, expected one of {KINDS}')
    sides = [_matrices(records, size, kind) for records in (base, change)]
    names = sorted(base[0].names)
    if any(sorted(records.names) != names for records in [*base, *change]):
        raise DataError('the runs were evaluated on different images')
    truth = sides[0][0].sum(-1)
    if any((run.sum(-1) != truth).any() for side in sides for run in side):
        raise DataError('the runs were evaluated on different labels')
    weights = draw_weights(len(names), draws, seed)
    once = np.ones((1, len(names)), np.int64)
    exact, drawn = (
        _mean_score(sides[1], given, kind) - _mean_score(sides[0], given, kind)
        for given in (once, weights)
    )
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Interval(float(exact[0]), np.nan, np.nan, np.nan)
    low, high = np.percentile(known, [2.5, 97.5])
    below = float((known < 0).mean())
    return Interval(float(exact[0]), float(low), float(high), below)


def draw_weights(images: int, draws: int = DRAWS, seed: int = 0) -> Counts:
    """Return how often each draw has each image: draws x images, rows sum to images."""
    random = np.random.default_rng(seed)
    return random.multinomial(images, [1 / images] * images, draws)


def scores(matrices: Counts, weights: Any, kind: str = 'mIoU') -> Floats:
    """Compute the global IoU of each draw.

    Args:
        matrices: Confusion matrices of the images, N x C x C, rows the truth; 2 x 2 for
            ``trash``.
        weights: How often each draw has each image, draws x N.
        kind: One of :data:`KINDS`.

    Returns:
        float64, draws, in percent; NaN where a draw has nothing to score.
    """
    number, classes = matrices.shape[:2]
    # in float64 the product is one call of BLAS, and exact up to 2 ** 53 pixels
    flat = matrices.reshape(number, -1).astype(np.float64)
    existing = matrices.sum((0, 2)) > 0
    found = []
    for start in range(0, len(weights), BLOCK):
        sums = np.asarray(weights[start : start + BLOCK], np.float64) @ flat
        totals = sums.astype(np.int64).reshape(-1, classes, classes)
        ious = iou_from_confusion(totals)
        ious[existing & (totals.sum(-1) == 0)] = np.nan
        found.append(ious[:, 1] if kind == 'trash' else mean_of_finite(ious))
    return 100 * np.concatenate(found)


def object_matrices(matrices: Counts) -> Counts:
    """Join all classes but the first: ... x C x C to ... x 2 x 2."""
    rows = np.add.reduceat(matrices, [0, 1], axis=-2)
    return np.asarray(np.add.reduceat(rows, [0, 1], axis=-1))


def _matrices(side: Sequence[Records], size: int, kind: str) -> list[Counts]:
    """Return the matrices of each run in the order of the sorted names."""
    if not side:
        raise DataError('one side has no runs')
    found = []
    for records in side:
        if size not in records.sizes:
            raise DataError(f'size {size} was not counted, only {records.sizes}')
        order = sorted(range(len(records.names)), key=lambda i: records.names[i])
        sized = records.matrices[order, list(records.sizes).index(size)]
        found.append(object_matrices(sized) if kind == 'trash' else sized)
    return found


def _mean_score(side: Sequence[Counts], weights: Any, kind: str) -> Floats:
    """Average the runs' scores of each draw."""
    return np.asarray(np.mean([scores(run, weights, kind) for run in side], axis=0))
