"""The paired bootstrap: by hand, against a slow loop, and the same each time."""

import time
from collections.abc import Sequence

import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.experiments.bootstrap import (
    draw_weights,
    object_matrices,
    paired_bootstrap,
    scores,
)
from mmseg_trash.metrics.records import Records


def _records(matrices: np.ndarray, sizes: Sequence[int] = (0,)) -> Records:
    names = [f'{place:03}.jpg' for place in range(len(matrices))]
    stacked = np.stack([matrices] * len(sizes), 1)
    return Records(names, stacked, [0] * len(names), sizes)


def _predictions(
    seed: int, skill: float, images: int = 20, classes: int = 4
) -> np.ndarray:
    """Images of the same truth, predicted by chance but for a share of the pixels."""
    truth = np.random.default_rng(99).integers(0, classes, (images, 50))
    truth[2:][truth[2:] == classes - 1] = 0  # the last class is in two images
    random = np.random.default_rng(seed)
    guess = np.where(
        random.random(truth.shape) < skill,
        truth,
        random.integers(0, classes, truth.shape),
    )
    matrices = np.zeros((images, classes, classes), np.int64)
    for image in range(images):
        np.add.at(matrices[image], (truth[image], guess[image]), 1)
    return matrices


def _slow(matrices: np.ndarray, images: Sequence[int], kind: str) -> float:
    """Compute one draw's IoU class by class, pixel sums in plain integers."""
    classes = range(matrices.shape[1])
    total = [
        [sum(int(matrices[i][a][b]) for i in images) for b in classes] for a in classes
    ]
    if kind == 'trash':
        hit = sum(total[a][b] for a in classes for b in classes if a and b)
        union = sum(map(sum, total)) - total[0][0]
        return 100 * hit / union
    found = []
    for c in classes:
        present = any(matrices[i][c].sum() for i in range(len(matrices)))
        if present and not sum(total[c]):
            continue
        union = sum(total[c]) + sum(row[c] for row in total) - total[c][c]
        if union:
            found.append(total[c][c] / union)
    return 100 * sum(found) / len(found)


def test_identical_predictions() -> None:
    one = _records(_predictions(0, 0.6))
    found = paired_bootstrap([one], [one])
    assert (found.difference, found.low, found.high, found.below) == (0, 0, 0, 0)


def test_better_on_each_image() -> None:
    worse = np.tile(np.array([[60, 40], [40, 60]]), (8, 1, 1))
    better = np.tile(np.array([[80, 20], [20, 80]]), (8, 1, 1))
    found = paired_bootstrap([_records(worse)], [_records(better)])
    # 60 / 140 and 80 / 120 in every draw
    expected = 100 * (80 / 120 - 60 / 140)
    assert [found.difference, found.low, found.high] == pytest.approx([expected] * 3)
    assert found.below == 0
    turned = paired_bootstrap([_records(better)], [_records(worse)])
    assert turned.high < 0 and turned.below == 1
    varied = better + np.arange(8)[:, None, None] * np.array([[1, -1], [-1, 1]])
    found = paired_bootstrap([_records(worse)], [_records(varied)])
    assert 0 < found.low < found.difference < found.high and str(found)[0] == '+'


@pytest.mark.parametrize('kind', ['mIoU', 'trash'])
def test_a_slow_loop_agrees(kind: str) -> None:
    base = [_predictions(seed, 0.5) for seed in (1, 2)]
    change = [_predictions(seed, 0.55) for seed in (3, 4)]
    weights = draw_weights(20, 100, seed=7)
    slow, vanished = [], 0
    for row in weights:
        images = [i for i, times in enumerate(row) for _ in range(times)]
        vanished += not base[0][images, 3].sum()
        means = [np.mean([_slow(m, images, kind) for m in s]) for s in (base, change)]
        slow.append(means[1] - means[0])
    assert vanished  # some draws lack the rare class
    found = paired_bootstrap(
        [_records(m) for m in base], [_records(m) for m in change], kind,
        draws=100, seed=7,
    )  # fmt: skip
    low, high = np.percentile(slow, [2.5, 97.5])
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.below == np.mean(np.array(slow) < 0)
    full = [np.mean([_slow(m, range(20), kind) for m in s]) for s in (base, change)]
    assert found.difference == pytest.approx(full[1] - full[0])


def test_difference_is_that_of_the_records() -> None:
    a, b = (_records(_predictions(seed, 0.5), (0, 256)) for seed in (1, 2))
    found = paired_bootstrap([a], [b])
    assert found.difference == pytest.approx(b.global_miou() - a.global_miou())
    assert paired_bootstrap([a], [b], size=256) == found


def test_a_class_that_nobody_has_counts_as_in_the_metric() -> None:
    plain = np.zeros((4, 3, 3), np.int64)
    plain[:, 0, 0] = plain[:, 1, 1] = 10
    wrong = plain.copy()
    wrong[:, 0, 0], wrong[:, 0, 2] = 8, 2
    found = paired_bootstrap([_records(plain)], [_records(wrong)])
    assert found.difference == pytest.approx(100 * (1.8 / 3 - 1))
    assert found.low == pytest.approx(found.difference)


def test_objects_against_background() -> None:
    matrix = np.arange(9).reshape(1, 3, 3)
    assert object_matrices(matrix).tolist() == [[[0, 3], [9, 24]]]
    (iou,) = scores(object_matrices(matrix), [[1]], 'trash')
    assert iou == pytest.approx(100 * 24 / 36)
    empty = np.zeros((3, 2, 2), np.int64)
    empty[:, 0, 0] = 5
    nothing = paired_bootstrap([_records(empty)], [_records(empty)], 'trash')
    assert np.isnan([nothing.difference, nothing.low, nothing.below]).all()


def test_order_seed_and_speed() -> None:
    random = np.random.default_rng(0)
    a = random.integers(1, 9, (64, 11, 11))
    b = random.permuted(a, axis=-1)  # the same truth, other predictions
    one, other = _records(a), _records(b)
    turned = Records(list(other.names)[::-1], other.matrices[::-1], [0] * 64, [0])
    start = time.perf_counter()
    found = paired_bootstrap([one], [other])
    assert time.perf_counter() - start < 5  # a fraction of a second, unless disturbed
    assert found == paired_bootstrap([one], [turned])
    assert found != paired_bootstrap([one], [other], seed=1)


def test_what_does_not_fit_is_refused() -> None:
    one = _records(_predictions(0, 0.5))
    with pytest.raises(DataError, match='different images'):
        paired_bootstrap([one], [_records(_predictions(0, 0.5)[:19])])
    with pytest.raises(DataError, match='different labels'):
        paired_bootstrap([one], [_records(_predictions(0, 0.5)[::-1])])
    with pytest.raises(DataError, match=r'size 256 was not counted, only \(0,\)'):
        paired_bootstrap([one], [one], size=256)
    with pytest.raises(DataError, match='no runs'):
        paired_bootstrap([one], [])
    with pytest.raises(ValueError, match="kind 'IoU'"):
        paired_bootstrap([one], [one], 'IoU')
