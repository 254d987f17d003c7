import numpy as np
import pytest
from scipy import ndimage

from mmseg_trash.errors import ConfigError
from mmseg_trash.postprocess.clean_up import (
    CleanUpParams,
    clean_up,
    fill_holes,
    majority_filter,
    remove_small,
)

EIGHT = np.ones((3, 3))


def noisy(seed: int, classes: int = 4, smooth: float = 1.5) -> np.ndarray:
    """Draw blobs of all sizes."""
    generator = np.random.default_rng(seed)
    fields = generator.normal(size=(classes, 60, 50))
    return ndimage.gaussian_filter(fields, (0, smooth, smooth)).argmax(0)


def parts(label: np.ndarray, value: int, structure=EIGHT):
    number, count = ndimage.label(label == value, structure)
    return [number == k for k in range(1, count + 1)]


def remove_small_by_hand(label: np.ndarray, least: dict[int, int]) -> np.ndarray:
    """Follow the rule part by part."""
    small = [
        part
        for value, size in least.items()
        for part in parts(label, value)
        if part.sum() < size
    ]
    noise = np.logical_or.reduce([np.zeros(label.shape, bool), *small])
    result = label.copy()
    for part in small:
        counts = np.zeros(256, int)
        for y, x in zip(*np.nonzero(part)):
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= v < label.shape[0] and 0 <= u < label.shape[1]
                if inside and not noise[v, u]:
                    counts[label[v, u]] += 1
        result[part] = counts.argmax() if counts.any() else 0
    return result


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('size', [5, 30])
def test_remove_small_equals_the_loop(seed: int, size: int) -> None:
    label = noisy(seed)
    expected = remove_small_by_hand(label, {1: size, 2: size, 3: size})
    assert np.array_equal(remove_small(label, size), expected)
    assert not np.array_equal(label, expected)
    sizes = (9, 0, size, 4)
    expected = remove_small_by_hand(label, dict(enumerate(sizes)))
    assert np.array_equal(remove_small(label, sizes), expected)


@pytest.mark.parametrize('seed', range(3))
def test_no_small_part_is_left_and_twice_is_once(seed: int) -> None:
    label = noisy(seed, smooth=1.0)
    params = CleanUpParams(min_size=25, max_hole=20, window=3)
    found = clean_up(label, params)
    assert found.dtype == np.uint8 and found.max() > 0
    sizes = [part.sum() for value in (1, 2, 3) for part in parts(found, value)]
    assert min(sizes) >= 25
    once = remove_small(label, 25)
    assert np.array_equal(remove_small(once, 25), once)


def test_small_parts_join_the_class_around_them() -> None:
    label = np.full((12, 12), 2)
    label[:, 6:] = 0
    label[3:5, 5:7] = 3  # half in 2, half in background: the lower class wins the tie
    label[8, 2] = 1  # inside 2
    found = remove_small(label, 10)
    assert (found[3:5, 5:7] == 0).all()
    assert found[8, 2] == 2
    assert np.array_equal(remove_small(label, 4)[3:5, 5:7], [[3, 3], [3, 3]])
    # Nothing but small parts: background.
    assert not remove_small(np.arange(9).reshape(3, 3) % 3 + 1, 50).any()


def test_fill_holes_equals_scipy_for_one_class() -> None:
    for seed in range(4):
        label = (noisy(seed, 2) > 0).astype(np.uint8)
        # scipy's holes are connected over edges, as ours.
        expected = ndimage.binary_fill_holes(label)
        found = fill_holes(label, 10_000)
        assert np.array_equal(found, expected)
        few = fill_holes(label, 6)
        sizes = [p.sum() for p in parts(expected & (few == 0), 1, None)]
        assert min(sizes, default=7) > 6
    assert expected.sum() > label.sum()


def test_holes_between_classes_and_at_the_edge_stay() -> None:
    label = np.full((9, 9), 4)
    label[:, 5:] = 6
    label[2, 2] = label[4, 4:6] = label[8, 1] = 0
    found = fill_holes(label, 5)
    assert found[2, 2] == 4
    assert (found[4, 4:6] == 0).all() and found[8, 1] == 0


@pytest.mark.parametrize('window', [3, 5])
def test_majority_equals_the_loop(window: int) -> None:
    label, half = noisy(0, smooth=0.5), window // 2
    found = majority_filter(label, window)
    for y in range(label.shape[0]):
        for x in range(label.shape[1]):
            rows = slice(max(0, y - half), y + half + 1)
            near = label[rows, max(0, x - half) : x + half + 1]
            counts = np.bincount(near.ravel(), minlength=4)
            best = counts.argmax()
            if counts[label[y, x]] == counts[best]:
                best = label[y, x]
            assert found[y, x] == best
    assert (found != label).mean() > 0.1


def test_defaults_change_nothing() -> None:
    label = noisy(0)
    found = clean_up(label, CleanUpParams())
    assert np.array_equal(found, label)
    assert found is not label


def test_turning_the_map_turns_the_result() -> None:
    """No tie is decided by place."""
    label = noisy(5)
    params = CleanUpParams(min_size=20, max_hole=9, window=5)
    found = clean_up(label, params)
    for turns in (1, 2, 3):
        turned = clean_up(np.rot90(label, turns), params)
        assert np.array_equal(np.rot90(turned, -turns), found)


@pytest.mark.parametrize(('change', 'message'), [
    (dict(min_size=-1), 'min_size must be an integer from 0, got -1'),
    (dict(min_size=(0, 5, -2)), 'got -2'),
    (dict(max_hole=2.5), 'max_hole must be'),
    (dict(window=4), 'window must be odd and at least 1, got 4'),
    (dict(window=0), 'window'),
])  # fmt: skip
def test_bad_parameters(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CleanUpParams(**change)


def test_bad_input() -> None:
    for wrong in (np.zeros((2, 2)), np.zeros((0, 2), int), np.full((2, 2), 256)):
        with pytest.raises(ValueError, match=r'label map|0\.\.255'):
            clean_up(wrong, CleanUpParams())
    with pytest.raises(ValueError, match='min_size has 2 values, .* holds 3'):
        remove_small(noisy(0), (5, 5))
