"""Search the weights of an ensemble on out-of-fold probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from ..metrics.confusion import (
    confusion_matrix,
    miou_global,
    miou_image,
    resize_nearest,
)
from .store import LEVELS, ProbStore

METRICS = ('mIoU', 'mIoU_image', 'mIoU_256', 'mIoU_image_256')
"""Global mIoU and mIoU by image, at full size and at 256."""
STEPS = (2.0, 1.3, 1.1)
"""Factors by which a weight is tried larger and smaller, coarse to fine."""

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Held:
    """An image with its members' probabilities.

    Attributes:
        name: Its ``file_name``.
        probs: (members, C, P) uint8, 255 levels, P pixels.
        label: (P,) uint8, 255 is ignored.
    """

    name: str
    probs: NDArray[np.uint8]
    label: NDArray[np.uint8]


@dataclass(frozen=True)
class Found:
    """Weights, and what they are worth; scores are 0 to 1.

    Attributes:
        weights: One per member, 1 in sum.
        chosen: Score on the images that chose the weights.
        chosen_equal: Score of equal weights there.
        held_out: Score on the other images.
        held_out_equal: Score of equal weights there.
        alone: Score of each member by itself on the other images.
    """

    weights: tuple[float, ...]
    chosen: float
    chosen_equal: float
    held_out: float
    held_out_equal: float
    alone: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether the weights beat equal ones on images that did not choose them."""
        return self.held_out > self.held_out_equal


def hold(stores: Sequence[ProbStore], dataset: Any, metric: str) -> list[Held]:
    """Read what the search needs into memory: one byte per member, class and pixel.

    Args:
        stores: The members' probabilities.
        dataset: A ``TrashDataset`` with labels; its images that all stores have count.
        metric: One of `METRICS`; those at 256 hold 65,536 pixels of each image.

    Returns:
        The images, in the data set's order.

    Raises:
        ConfigError: The metric is unknown.
        DataError: The stores differ in classes or have fewer than two images in common
            with the data set, or sizes do not fit.
    """
    if metric not in METRICS:
        raise ConfigError(f'metric {metric!r}, expected one of {METRICS}')
    classes = tuple(dataset.metainfo['classes'])
    for store in stores:
        if store.classes != classes:
            raise DataError(f'{store.folder}: has other classes than the labels')
    found = []
    for place in range(len(dataset)):
        name = str(dataset.get_data_info(place)['file_name'])
        if not all(name in store for store in stores):
            continue
        label = dataset.label_map_of(place)
        rows = []
        for store in stores:
            probs = store.read(name)
            if probs.shape[1:] != label.shape:
                raise DataError(
                    f'{name}: {store.folder} has the size {probs.shape[1:]}, the label '
                    f'map {label.shape}'
                )
            if metric.endswith('_256'):
                probs = resize_nearest(probs, 256)
            rows.append(np.rint(probs * LEVELS).astype(np.uint8))
        if metric.endswith('_256'):
            label = resize_nearest(label, 256)
        stacked = np.stack(rows).reshape(len(rows), len(classes), -1)
        found.append(Held(name, stacked, np.ascontiguousarray(label).reshape(-1)))
    if len(found) < 2:
        raise DataError(
            f'{len(found)} images of the labels are in all {len(stores)} stores, '
            'expected 2 or more: stores of out-of-fold predictions belong here'
        )
    return found


def score(images: Sequence[Held], weights: Sequence[float], metric: str) -> float:
    """Score weights on some images, 0 to 1.

    Args:
        images: The images.
        weights: One per member, none negative, not all 0.
        metric: One of `METRICS`.
    """
    shares = np.asarray(weights, np.float32)
    matrices = []
    for image in images:
        mean = np.tensordot(shares, image.probs.astype(np.float32), 1)
        label = mean.argmax(0).astype(np.uint8)
        matrices.append(confusion_matrix(label, image.label, len(mean)))
    if metric.startswith('mIoU_image'):
        return miou_image(np.stack(matrices))
    return miou_global(np.stack(matrices))


def climb(
    rate: Callable[[Weights], float], members: int, steps: Sequence[float] = STEPS
) -> Weights:
    """Climb from equal weights, one weight at a time, coarse steps first.

    Args:
        rate: What is to be large.
        members: Number of weights.
        steps: Factors that a weight is tried with, and divided by.

    Returns:
        The weights, 1 in sum; equal ones where nothing is better.
    """
    weights = np.full(members, 1 / members)
    best = rate(weights)
    for step in steps:
        better = True
        while better:
            better = False
            for place in range(members):
                for factor in (step, 1 / step):
                    tried = weights.copy()
                    tried[place] *= factor
                    tried /= tried.sum()
                    if tried.min() < 0.01:
                        continue
                    value = rate(tried)
                    if value > best + 1e-6:
                        weights, best, better = tried, value, True
    return weights


def search(images: Sequence[Held], metric: str, seed: int = 0) -> Found:
    """Let one half of the images choose the weights, and score them on the other.

    Args:
        images: See :func:`hold`.
        metric: One of `METRICS`.
        seed: Decides the halves.

    Returns:
        The weights with their scores on both halves, and those of equal weights.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    half = len(images) // 2
    choosing = [images[i] for i in order[:half]]
    others = [images[i] for i in order[half:]]
    members = len(images[0].probs)
    weights = climb(lambda w: score(choosing, list(w), metric), members)
    equal = [1 / members] * members
    return Found(
        tuple(round(float(weight), 4) for weight in weights),
        score(choosing, list(weights), metric),
        score(choosing, equal, metric),
        score(others, list(weights), metric),
        score(others, equal, metric),
        tuple(score(others, list(row), metric) for row in np.eye(members)),
    )
