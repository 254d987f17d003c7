"""Choose, order and score the images of an album."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX
from .album import Album

Label = NDArray[np.uint8]
Rows = NDArray[np.int64]

ORDERS = ('file', 'name', 'most objects', 'most pixels', 'rarest class')
"""How images can be ordered without predictions."""


class Predictions(Protocol):
    """Label maps by file name, of any size."""

    @property
    def names(self) -> Sequence[str]: ...

    def __contains__(self, name: object) -> bool: ...

    def label_map(self, name: str) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class Filter:
    """Which images are shown; the defaults show all.

    Attributes:
        text: Part of the ``file_name``, capitals or not.
        labels: Labels of which an image must show one, or all.
        every: Whether it must show all of them.
        min_share: Least share of the image that the labels, or else all objects, cover.
        max_share: Greatest share.
        min_objects: Least number of objects of the labels, or else of all.
        max_objects: Greatest number.
        names: Names to choose from: a fold, the images of an audit finding; None is
            all.
        longest_side: Least and greatest length of the longer side in pixels.
    """

    text: str = ''
    labels: tuple[int, ...] = ()
    every: bool = False
    min_share: float = 0.0
    max_share: float = 1.0
    min_objects: int = 0
    max_objects: int | None = None
    names: frozenset[str] | None = None
    longest_side: tuple[int, int] | None = None


def covered_shares(album: Album, labels: Collection[int] = ()) -> NDArray[np.float64]:
    """Return what share of each image labels cover, (N,); none: all objects."""
    background = album.rule.category.background
    chosen = sorted(labels) or [
        label for label in range(len(album.classes)) if label != background
    ]
    pixels = album.sizes.prod(axis=1)
    return album.pixel_counts[:, chosen].sum(axis=1) / np.maximum(pixels, 1)


def object_numbers(album: Album, labels: Collection[int] = ()) -> Rows:
    """Return how many objects of some labels each image has, (N,); no labels: all."""
    counts = album.object_counts
    return (counts[:, sorted(labels)] if labels else counts).sum(axis=1)


def select(album: Album, chosen: Filter) -> Rows:
    """Return the rows of the images that pass a filter, in file order."""
    keep = np.ones(len(album), bool)
    text = chosen.text.strip().casefold()
    if text:
        keep &= np.array([text in name.casefold() for name in album.names], bool)
    if chosen.names is not None:
        keep &= np.array([name in chosen.names for name in album.names], bool)
    if chosen.longest_side is not None:
        low, high = chosen.longest_side
        longest = album.sizes.max(axis=1)
        keep &= (longest >= low) & (longest <= high)
    if chosen.labels:
        shown = album.pixel_counts[:, list(chosen.labels)] > 0
        keep &= shown.all(axis=1) if chosen.every else shown.any(axis=1)
    if album.has_labels:
        shares = covered_shares(album, chosen.labels)
        keep &= (shares >= chosen.min_share) & (shares <= chosen.max_share)
        numbers = object_numbers(album, chosen.labels)
        keep &= numbers >= chosen.min_objects
        if chosen.max_objects is not None:
            keep &= numbers <= chosen.max_objects
    return np.flatnonzero(keep)


def arrange(album: Album, rows: Rows, order: str, labels: Collection[int] = ()) -> Rows:
    """Order rows.

    Args:
        album: The album.
        rows: What to order.
        order: One of `ORDERS`.
        labels: Labels that are counted; none counts all.

    Raises:
        ValueError: The order is not known.
    """
    if order not in ORDERS:
        raise ValueError(f'order must be one of {ORDERS}, got {order!r}')
    if order == 'name':
        return np.array(sorted(rows, key=lambda row: album.names[row]), np.int64)
    keys: dict[str, Callable[[], NDArray[Any]]] = {
        'file': lambda: np.arange(len(album)),
        'most objects': lambda: -object_numbers(album, labels),
        'most pixels': lambda: -covered_shares(album, labels),
        'rarest class': lambda: _rarest(album),
    }
    return rows[np.argsort(keys[order]()[rows], kind='stable')]


def _rarest(album: Album) -> NDArray[np.int64]:
    """Return how many images show the rarest class of each image, (N,)."""
    shown = album.pixel_counts > 0
    background = album.rule.category.background
    if background < shown.shape[1]:
        shown = shown.copy()
        shown[:, background] = False
    frequency = shown.sum(axis=0)
    return np.where(shown, frequency, len(album) + 1).min(axis=1)


def to_size(label: Label, shape: tuple[int, ...]) -> Label:
    """Bring a label map to a height and width by the pixel at floor(i * old / new)."""
    height, width = shape
    if label.shape == (height, width):
        return label
    rows = np.arange(height) * label.shape[0] // height
    columns = np.arange(width) * label.shape[1] // width
    return label[rows[:, None], columns]


def confusion_of(album: Album, row: int, prediction: Label) -> NDArray[np.int64]:
    """Count pixels of one image by truth and prediction, at the prediction's size.

    Args:
        album: The truth.
        row: Which image.
        prediction: Its predicted label map; a submission's is 256x256, and so scored.

    Returns:
        (C, C), rows the truth. Pixels that either ignores are left out.
    """
    from ..metrics.confusion import confusion_matrix

    truth = to_size(album.label_map(row), prediction.shape)
    ignored = prediction == IGNORE_INDEX
    if ignored.any():
        truth = np.where(ignored, np.uint8(IGNORE_INDEX), truth)
        prediction = np.where(ignored, np.uint8(0), prediction)
    return confusion_matrix(prediction, truth, len(album.classes), IGNORE_INDEX)


def image_scores(
    album: Album, predictions: Predictions, rows: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.int64] | None]]:
    """Count pixels of many images, see `confusion_of`.

    Yields:
        Row, and its matrix; None where there is no prediction.
    """

    for row in rows:
        name = album.names[row]
        if name not in predictions:
            yield row, None
        else:
            yield row, confusion_of(album, row, predictions.label_map(name))


def mean_iou(matrix: NDArray[np.int64]) -> float:
    """Return the mean IoU over the classes that occur in a matrix; NaN: none do."""
    from ..metrics.confusion import iou_from_confusion, mean_of_finite

    return float(mean_of_finite(iou_from_confusion(matrix)))


def worst_first(rows: Rows, scores: NDArray[np.float64]) -> Rows:
    """Order rows by score, the lowest first, those without (NaN) last."""
    return rows[np.argsort(np.where(np.isnan(scores), np.inf, scores), kind='stable')]
