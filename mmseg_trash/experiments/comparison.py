"""Mean, spread and paired tests of runs with several seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..metrics.records import Records
from .bootstrap import Interval, paired_bootstrap


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds (N - 1; NaN for one seed)."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> 'Spread':
        """Compute both."""
        array = np.asarray(values, dtype=np.float64)
        deviation = float(array.std(ddof=1)) if len(array) > 1 else math.nan
        return cls(float(array.mean()), deviation)

    def __str__(self) -> str:
        if math.isnan(self.deviation):
            return f'{self.mean:.2f}'
        return f'{self.mean:.2f} ± {self.deviation:.2f}'


@dataclass(frozen=True)
class Comparison:
    """A change against its base, seed by seed.

    Attributes:
        delta: Difference of the global mIoU, in points, over the seeds.
        p_value: Of the paired t-test over the seeds, two-sided; NaN for one seed.
        low: Lower end of the 95 % interval of the mean difference, over images drawn
            with replacement, the same for both and all seeds.
        high: Its upper end.
        below: Share of these draws in which the change is worse.
        trash: The same of the IoU of any object against background.
    """

    delta: Spread
    p_value: float
    low: float
    high: float
    below: float
    trash: Interval

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, or ``open`` unless seeds and images agree."""
        clear = self.p_value < 0.05 and self.low * self.high > 0
        if not clear:
            return 'open'
        return 'better' if self.delta.mean > 0 else 'worse'


def compare(
    base: Sequence[Records], change: Sequence[Records], seed: int = 0
) -> Comparison:
    """Compare two sets of runs of the same seeds on the same images.

    Args:
        base: Records of the base, one per seed.
        change: Records of the change, in the same order of seeds.
        seed: Of the bootstrap.

    Raises:
        DataError: The runs are not as many, or saw other images or labels.
    """
    if len(base) != len(change) or not base:
        raise DataError(f'{len(base)} runs of the base, {len(change)} of the change')
    miou, trash = (
        paired_bootstrap(base, change, kind, seed=seed) for kind in ('mIoU', 'trash')
    )
    deltas = [b.global_miou() - a.global_miou() for a, b in zip(base, change)]
    return Comparison(
        Spread.of(deltas), paired_p(deltas), miou.low, miou.high, miou.below, trash
    )


def paired_p(deltas: Sequence[float]) -> float:
    """Compute the two-sided p value of a paired t-test (Student 1908).

    Returns:
        In [0, 1]; NaN for fewer than two differences, or if all are 0.
    """
    number = len(deltas)
    spread = Spread.of(deltas)
    if number < 2 or (spread.deviation == 0 and spread.mean == 0):
        return math.nan
    if spread.deviation == 0:
        return 0.0
    t = abs(spread.mean) / (spread.deviation / math.sqrt(number))
    return student_tail(t, number - 1)


def student_tail(t: float, freedom: int) -> float:
    """Compute P(|T| > t) of Student's distribution with whole degrees of freedom.

    By the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    if freedom % 2:
        total = angle
        term = cosine * sine
        for k in range(1, freedom // 2 + 1):
            total += term
            term *= cosine**2 * 2 * k / (2 * k + 1)
        return max(0.0, 1 - 2 * total / math.pi)
    total, term = 0.0, 1.0
    for k in range(freedom // 2):
        total += term
        term *= cosine**2 * (2 * k + 1) / (2 * k + 2)
    return max(0.0, 1 - sine * total)
