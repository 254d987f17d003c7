"""Folds are disjoint, complete, even, and the same every time."""

import numpy as np
import pytest

from mmseg_trash.datasets.folds import fold_lists, group_keys, make_folds


def random_presence(number: int, seed: int = 0) -> np.ndarray:
    """Return which of eleven classes each image shows, two of them rare."""
    chance = np.array([1, 0.4, 0.8, 0.1, 0.1, 0.1, 0.4, 0.2, 0.6, 0.015, 0.03])
    return np.random.default_rng(seed).random((number, 11)) < chance


def test_disjoint_complete_and_even() -> None:
    presence = random_presence(600)
    folds = make_folds(presence, 5)
    sizes = np.bincount(folds, minlength=5)
    assert sizes.sum() == 600 and sizes.max() - sizes.min() <= 15
    per_fold = np.stack([presence[folds == fold].sum(0) for fold in range(5)])
    share = presence.sum(0) / 5
    rare = [9, 10]
    assert presence[:, 9].sum() >= 5
    assert (np.abs(per_fold - share)[:, rare] < 1.01).all()
    assert (np.abs(per_fold - share) <= np.maximum(2, 0.1 * share)).all()


def test_better_than_chance_on_rare_classes() -> None:
    presence = random_presence(400, seed=2)[:, 9:]
    rng = np.random.default_rng(0)

    def spread(folds: np.ndarray) -> float:
        counts = [presence[folds == fold].sum(0) for fold in range(5)]
        return float(np.std(counts, axis=0).sum())

    chance = np.mean([spread(rng.permutation(400) % 5) for _ in range(50)])
    assert spread(make_folds(presence, 5)) < 0.6 * chance


def test_deterministic() -> None:
    presence = random_presence(100)
    assert (make_folds(presence, 4) == make_folds(presence.astype(int) * 7, 4)).all()
    assert (make_folds(presence, 4) != make_folds(presence, 4, seed=1)).any()


def test_groups_are_never_split() -> None:
    presence = random_presence(300)
    groups = np.random.default_rng(1).integers(0, 90, 300).tolist()
    folds = make_folds(presence, 5, groups=groups)
    of_group = {group: set() for group in groups}
    for group, fold in zip(groups, folds):
        of_group[group].add(fold)
    assert all(len(found) == 1 for found in of_group.values())
    assert np.bincount(folds, minlength=5).min() > 30


def test_images_without_objects_are_spread_too() -> None:
    presence = random_presence(100)
    presence[:50] = False
    folds = make_folds(presence, 5)
    assert np.bincount(folds[:50], minlength=5).tolist() == [10] * 5


def test_lists() -> None:
    lists = fold_lists(['a', 'b', 'c'], np.array([1, 0, 1]))
    assert lists == {'fold0': (['a', 'c'], ['b']), 'fold1': (['b'], ['a', 'c'])}


def test_keys_of_lone_images_differ_from_groups() -> None:
    keys = group_keys(['a', 'b', 'c'], {'a': 'b', 'c': 'b'})
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize('number', [0, 1, 11])
def test_number_of_folds(number: int) -> None:
    with pytest.raises(ValueError, match=f'2 and 10 .*got {number}'):
        make_folds(random_presence(10), number)
    with pytest.raises(ValueError, match=r'3 \(the groups\)'):
        make_folds(random_presence(10), 4, groups=[1, 2, 3, 3, 3, 3, 3, 3, 3, 3])
    with pytest.raises(ValueError, match='2 group keys for 10'):
        make_folds(random_presence(10), 2, groups=[1, 2])
