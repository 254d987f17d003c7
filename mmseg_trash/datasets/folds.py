"""Split a data set into folds that share their classes evenly."""

from collections.abc import Mapping, Sequence

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold


def make_folds(
    presence: np.ndarray, num_folds: int, seed: int = 42, groups: Sequence | None = None
) -> np.ndarray:
    """Assign every image to a fold by iterative stratification (Sechidis et al. 2011).

    Args:
        presence: (N, C) bool or counts: which classes an image shows.
        num_folds: Number of folds, at least 2.
        seed: Seed of the assignment; the same input and seed give the same folds.
        groups: N group keys; images of one group (photographs of one scene) land in
            one fold. Groups are stratified like images, by the classes that any of
            their images shows. None makes every image its own group.

    Returns:
        (N,) int64, the fold in whose validation part an image is, from 0.

    Raises:
        ValueError: There are fewer images or groups than folds, fewer than two folds,
            or as many groups as images are not given.
    """
    presence = np.asarray(presence) > 0
    keys = list(range(len(presence)) if groups is None else groups)
    if len(keys) != len(presence):
        raise ValueError(f'{len(keys)} group keys for {len(presence)} images')
    numbers: dict = {}
    member = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    if not 2 <= num_folds <= len(numbers):
        what = 'images' if groups is None else 'groups'
        raise ValueError(
            f'number of folds must lie within 2 and {len(numbers)} (the {what}), '
            f'got {num_folds}'
        )
    shown = np.zeros((len(numbers), presence.shape[1]), bool)
    np.logical_or.at(shown, member, presence)
    # The library demands one class at least; images without objects are all alike.
    table = np.column_stack([shown, ~shown.any(axis=1)]).astype(np.int64)
    splitter = MultilabelStratifiedKFold(num_folds, shuffle=True, random_state=seed)
    fold_of_group = np.full(len(numbers), -1, np.int64)
    for fold, (_, chosen) in enumerate(splitter.split(table, table)):
        fold_of_group[chosen] = fold
    return fold_of_group[member]


def fold_lists(
    file_names: Sequence[str], folds: np.ndarray
) -> dict[str, tuple[list[str], list[str]]]:
    """Turn an assignment into lists of file names.

    Args:
        file_names: N names in the JSON's order.
        folds: (N,) the fold of each.

    Returns:
        ``'fold0'``, ``'fold1'``, ... -> names to train on, names to validate on.
    """
    lists: dict[str, tuple[list[str], list[str]]] = {}
    for fold in range(int(folds.max()) + 1):
        train = [name for name, f in zip(file_names, folds) if f != fold]
        val = [name for name, f in zip(file_names, folds) if f == fold]
        lists[f'fold{fold}'] = (train, val)
    return lists


def group_keys(file_names: Sequence[str], groups: Mapping[str, str]) -> list[str]:
    """Return a group key per image; an image without group is one of its own."""
    # The leading character keeps a lone image's key apart from every group's.
    return [f'g{groups[name]}' if name in groups else f'i{name}' for name in file_names]
