"""Weights of classes, by name or by label, and how donors are drawn by them."""

from collections.abc import Mapping, Sequence

import numpy as np

ClassWeights = Mapping[str | int, float] | Sequence[float]


def check_weights(weights: ClassWeights | None) -> None:
    """Check what can be checked without knowing the classes.

    Raises:
        ValueError: If there is no positive weight, or one is negative or not finite.
    """
    if weights is None:
        return
    values = list(weights.values() if isinstance(weights, Mapping) else weights)
    if (
        not values
        or not np.isfinite(values).all()
        or min(values) < 0
        or not sum(values)
    ):
        raise ValueError(
            f'class_weights must be finite, not negative and not all 0, got {weights!r}'
        )


def label_of(name: str | int, classes: Sequence[str]) -> int:
    """Return the label of a class given by name or by label.

    Raises:
        ValueError: If there is no such class; the message lists the known ones.
    """
    if isinstance(name, str) and name in classes:
        return list(classes).index(name)
    if not isinstance(name, str) and 0 <= name < len(classes):
        return int(name)
    raise ValueError(f'unknown class {name!r}; the classes are {tuple(classes)}')


def resolve_weights(
    weights: ClassWeights | None, classes: Sequence[str], rest: float = 1.0
) -> np.ndarray:
    """Return one weight per label.

    Args:
        weights: By name or label, or one per label; None gives all classes ``rest``.
        classes: Names, in the order of the labels.
        rest: Weight of the classes that a mapping leaves out.

    Returns:
        float64, (C,), not negative.

    Raises:
        ValueError: If a class is unknown or a sequence has another length.
    """
    resolved = np.full(len(classes), rest, np.float64)
    if isinstance(weights, Mapping):
        for name, weight in weights.items():
            resolved[label_of(name, classes)] = weight
    elif weights is not None:
        if len(weights) != len(classes):
            raise ValueError(
                f'class_weights has {len(weights)} entries for {len(classes)} classes'
            )
        resolved[:] = weights
    return resolved


def donor_probabilities(present: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return how likely each donor is: first a class by weight, then one that has it.

    Args:
        present: bool, (N, C), whether donor n shows class c.
        weights: float, (C,), weight of each class; 0 never chosen.

    Returns:
        float64, (N,), with sum 1, or all 0 if no donor has a class of positive weight.
    """
    holders = present.sum(axis=0)
    share = np.where(holders > 0, weights, 0) / np.maximum(holders, 1)
    probabilities = present @ share
    total = probabilities.sum()
    return probabilities / total if total else probabilities
