"""Spreads and paired tests, against SciPy and by construction."""

import numpy as np
import pytest
from scipy import stats

from mmseg_trash.errors import DataError
from mmseg_trash.experiments.comparison import Spread, compare, paired_p, student_tail
from mmseg_trash.metrics.records import Records


@pytest.mark.parametrize('freedom', [1, 2, 3, 4, 7, 10])
@pytest.mark.parametrize('t', [0.1, 1.0, 2.5, 11.0])
def test_student(freedom: int, t: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom))


def test_paired_p() -> None:
    deltas = [1.2, 0.4, 2.0, -0.3]
    assert paired_p(deltas) == pytest.approx(stats.ttest_1samp(deltas, 0).pvalue)
    assert np.isnan(paired_p([1.0])) and np.isnan(paired_p([0.0, 0.0]))
    assert paired_p([1.0, 1.0]) == 0


def test_spread() -> None:
    assert str(Spread.of([1.0, 2.0, 4.0])) == '2.33 ± 1.53'
    assert str(Spread.of([1.0])) == '1.00'


def _records(seed: int, hits: float, images: int = 30) -> Records:
    """Images of two classes of which a share of the pixels is right."""
    random = np.random.default_rng(seed)
    right = (hits * 100 + random.integers(-5, 5, (images, 2))).astype(int)
    matrices = np.zeros((images, 1, 2, 2), np.int64)
    for label in range(2):
        matrices[:, 0, label, label] = right[:, label]
        matrices[:, 0, label, 1 - label] = 100 - right[:, label]
    return Records([f'{i}.jpg' for i in range(images)], matrices, [0] * images, [0])


def test_a_clear_change_is_better_and_noise_is_open() -> None:
    base = [_records(seed, 0.6) for seed in range(3)]
    better = compare(base, [_records(10 + seed, 0.8) for seed in range(3)])
    assert better.verdict == 'better' and 0 < better.low < better.delta.mean
    assert better.delta.mean < better.high and better.below == 0
    assert 0 < better.trash.low < better.trash.difference < better.trash.high
    worse = compare(base, [_records(10 + seed, 0.4) for seed in range(3)])
    assert worse.verdict == 'worse'
    same = compare(base, [_records(20 + seed, 0.6) for seed in range(3)])
    assert same.verdict == 'open'
    assert compare(base[:1], base[1:2]).verdict == 'open'  # one seed proves nothing


def test_order_of_the_images_does_not_matter() -> None:
    one, other = _records(0, 0.6), _records(1, 0.7)
    turned = Records(
        list(other.names)[::-1], other.matrices[::-1], other.batches, other.sizes
    )
    a, b = compare([one], [other]), compare([one], [turned])
    assert (a.low, a.high) == pytest.approx((b.low, b.high))


def test_runs_must_match() -> None:
    one = _records(0, 0.6)
    with pytest.raises(DataError, match='1 runs of the base, 2 of the change'):
        compare([one], [one, one])
    with pytest.raises(DataError, match='different images'):
        compare([one], [_records(0, 0.6, images=29)])
