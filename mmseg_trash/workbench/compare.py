"""Compare label maps: with the truth, with each other, with the training data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..metainfo import IGNORE_INDEX
from ..metrics.confusion import confusion_matrix, resize_nearest
from ..progress import track
from .predictions import Labels, Predictions
from .splits import jensen_shannon
from .survey import Survey

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def same_size(one: Labels, other: Labels) -> tuple[Labels, Labels]:
    """Bring two label maps of one image to the size of the smaller one.

    A submission's maps are squares of 256 whatever the image is; the larger map is
    sampled as the competition does.

    Raises:
        DataError: They differ in size and the smaller one is no square.
    """
    if one.shape == other.shape:
        return one, other
    small, large = sorted((one, other), key=lambda label: label.size)
    if small.shape[0] != small.shape[1]:
        raise DataError(
            f'label maps of {one.shape} and {other.shape} cannot be compared'
        )
    large = resize_nearest(large, small.shape[0])
    return (large, small) if one.size > other.size else (small, large)


def confusions(
    truth: Predictions | Survey,
    prediction: Predictions,
    names: Sequence[str] | None = None,
) -> tuple[tuple[str, ...], Counts]:
    """Count the pixels of each pair of true and predicted class, image by image.

    Args:
        truth: The labels.
        prediction: What is held against them.
        names: Images to count; None takes those that both have, at least one.

    Returns:
        The names, and (N, C, C), lines the truth; what `metrics.records.Records` and
        the functions of `metrics.confusion` take. Pixels that either ignores are left
        out.

    Raises:
        DataError: The classes differ, or no image is in both.
    """
    names = common_names(truth, prediction) if names is None else tuple(names)
    number = len(truth.classes)
    matrices = np.zeros((len(names), number, number), np.int64)
    for row, name in enumerate(track(names, len(names), 'Comparing')):
        one, other = same_size(label_of(truth, name), prediction.label_map(name))
        if (other == IGNORE_INDEX).any():
            one = np.where(other == IGNORE_INDEX, np.uint8(IGNORE_INDEX), one)
            other = np.where(other == IGNORE_INDEX, np.uint8(0), other)
        matrices[row] = confusion_matrix(other, one, number, IGNORE_INDEX)
    return tuple(names), matrices


def common_names(*sources: Predictions | Survey) -> tuple[str, ...]:
    """Return the images that all sources have, in the order of the first.

    Raises:
        DataError: There is none, or the sources have other classes.
    """
    first = sources[0]
    for other in sources[1:]:
        if tuple(first.classes) != tuple(other.classes):
            raise DataError(
                f'{path_of(other)}: has other classes than {path_of(first)}: '
                f'{", ".join(other.classes)}'
            )
    known = [set(s.names) if isinstance(s, Survey) else s for s in sources[1:]]
    names = tuple(name for name in first.names if all(name in k for k in known))
    if not names:
        raise DataError(f'no image is in all of {", ".join(map(path_of, sources))}')
    return names


def path_of(source: Predictions | Survey) -> str:
    """Return the file or folder of a source, for messages."""
    return str(source.ann_file if isinstance(source, Survey) else source.path)


def label_of(source: Predictions | Survey, name: str) -> Labels:
    """Return the label map of an image from either kind of source."""
    if isinstance(source, Survey):
        return source.label_map(source.row(name))
    return source.label_map(name)


def disagreement(labels: Sequence[Labels]) -> Floats:
    """Return by pixel what share of the members is not with the most frequent label.

    Args:
        labels: At least two label maps of one image; larger ones are brought to the
            size of the smallest.

    Returns:
        (H, W) from 0, all agree, to nearly 1.

    Raises:
        ValueError: There are fewer than two.
        DataError: Their sizes cannot be brought together.
    """
    if len(labels) < 2:
        raise ValueError(f'expected two label maps or more, got {len(labels)}')
    smallest = min(labels, key=lambda label: label.size)
    maps = np.stack([same_size(label, smallest)[0] for label in labels])
    votes = (maps[:, None] == maps[None]).sum(axis=0)
    return np.asarray(1 - votes.max(axis=0) / len(labels))


@dataclass(frozen=True)
class Changes:
    """Pixels that differ between two sources.

    Attributes:
        names: ``file_name`` of each image.
        changed: (N,) pixels that differ.
        pixels: (N,) pixels compared.
        transitions: (C + 1, C + 1) pixels by label before and after; the last line and
            column are ignored pixels.
    """

    names: tuple[str, ...]
    changed: Counts
    pixels: Counts
    transitions: Counts


def changed_pixels(before: Predictions, after: Predictions) -> Changes:
    """Count the pixels that differ between two sources, image by image.

    Raises:
        DataError: The classes differ, or no image is in both.
    """
    names, number = common_names(before, after), len(before.classes)
    changed, pixels = np.zeros((2, len(names)), np.int64)
    transitions = np.zeros((number + 1) ** 2, np.int64)
    for row, name in enumerate(track(names, len(names), 'Comparing')):
        one, other = same_size(before.label_map(name), after.label_map(name))
        changed[row], pixels[row] = (one != other).sum(), one.size
        pair = np.minimum(one, number) * np.int64(number + 1) + np.minimum(
            other, number
        )
        transitions += np.bincount(pair.ravel(), minlength=len(transitions))
    square = transitions.reshape(number + 1, number + 1)
    return Changes(names, changed, pixels, square)


@dataclass(frozen=True)
class ClassShares:
    """What a source predicts, beside the training data.

    Attributes:
        images: (2, C) share of images that show each class: source, training.
        pixels: (2, C) share of pixels.
        distance: (C,) Jensen-Shannon distance of the shares of pixels, 0 to 1.
    """

    images: Floats
    pixels: Floats
    distance: Floats


def class_shares(source: Predictions, training: Survey) -> ClassShares:
    """Hold the classes of a source against those of the training data.

    Raises:
        DataError: The classes differ.
    """
    number = len(source.classes)
    if source.classes != training.classes:
        raise DataError(f'{source.path}: has other classes than {training.ann_file}')
    counts = np.zeros((len(source.names), number), np.int64)
    names = track(source.names, len(source.names), 'Counting')
    for row, name in enumerate(names):
        label = source.label_map(name)
        counts[row] = np.bincount(label.ravel(), minlength=256)[:number]
    tables = (counts, training.class_counts)
    images = np.stack([(table > 0).mean(axis=0) for table in tables])
    pixels = np.stack([table.sum(axis=0) / max(table.sum(), 1) for table in tables])
    rest = np.stack([pixels, 1 - pixels], axis=2)
    return ClassShares(images, pixels, jensen_shannon(rest[0], rest[1]))
