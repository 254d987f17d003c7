"""Heat maps: shape and place of objects, classes that occur together."""

import numpy as np
from numpy.typing import NDArray

from .eda import object_labels, percent
from .survey import Survey
from .tables import Heatmap, find_bins, group_rows

SIDE_EDGES = 2.0 ** np.arange(-8, 0.5, 0.5)
"""Limits of box sides as shares of the image's: two bins to a factor of two."""
CELLS = 12


def aspect_map(survey: Survey, label: int | None = None) -> Heatmap:
    """Count objects by width and height of their box; squares lie on the diagonal.

    Args:
        survey: The data.
        label: Count objects of this label alone; None counts all.

    Returns:
        Columns from narrow to wide, lines from tall to flat, on logarithmic scales; the
        first also holds what is smaller.
    """
    chosen, rows = _chosen(survey, label)
    height, width = survey.sizes[rows].T
    box = survey.objects.box[chosen]
    number = len(SIDE_EDGES) - 1
    limits = SIDE_EDGES[0], SIDE_EDGES[-1]
    x = find_bins((box[:, 2] / width).clip(*limits), SIDE_EDGES)
    y = number - 1 - find_bins((box[:, 3] / height).clip(*limits), SIDE_EDGES)
    bins = tuple(f'{percent(a)}–{percent(b)} %' for a, b in _pairs(SIDE_EDGES))
    return _count(
        f'Width and height of objects{_of(survey, label)}',
        ('width of the box, share of the image', 'height of the box'),
        (bins, bins[::-1]),
        x,
        y,
        rows,
        survey.names,
    )


def position_map(survey: Survey, label: int | None = None) -> Heatmap:
    """Count objects by where the centre of their box lies in the image.

    Args:
        survey: The data.
        label: Count objects of this label alone; None counts all.

    Returns:
        12 x 12 fields, the upper left one first.
    """
    chosen, rows = _chosen(survey, label)
    height, width = survey.sizes[rows].T
    x, y, w, h = survey.objects.box[chosen].T
    edges = np.linspace(0, 1, CELLS + 1)
    bins = tuple(f'{100 * a:.0f}–{100 * b:.0f} %' for a, b in _pairs(edges))
    return _count(
        f'Place of objects{_of(survey, label)}',
        ('left to right', 'top to bottom'),
        (bins, bins),
        find_bins((x + w / 2) / width, edges),
        find_bins((y + h / 2) / height, edges),
        rows,
        survey.names,
    )


def co_occurrence(survey: Survey) -> Heatmap:
    """Count the images that show both of two classes; background is left out.

    Returns:
        One line and one column per class; on the diagonal the images with the class.
    """
    labels = object_labels(survey)
    shown = survey.class_counts[:, labels] > 0
    both = shown.T.astype(np.int64) @ shown
    names = tuple(survey.classes[label] for label in labels)
    members = tuple(
        tuple(np.flatnonzero(shown[:, i] & shown[:, j]) for j in range(len(labels)))
        for i in range(len(labels))
    )
    return Heatmap(
        'Classes that occur together',
        'class',
        'class',
        'images',
        names,
        names,
        both.astype(np.float64),
        members,
        survey.names,
    )


def _chosen(
    survey: Survey, label: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects of a label, and the row of each one's image."""
    wanted = survey.objects.label == label if label is not None else slice(None)
    chosen = np.arange(len(survey.objects.label))[wanted]
    return chosen, survey.objects.image[chosen]


def _of(survey: Survey, label: int | None) -> str:
    return '' if label is None else f': {survey.classes[label]}'


def _pairs(edges: NDArray[np.float64]) -> list[tuple[float, float]]:
    return list(zip(edges[:-1].tolist(), edges[1:].tolist()))


def _count(
    title: str,
    axes: tuple[str, str],
    bins: tuple[tuple[str, ...], tuple[str, ...]],
    x: NDArray[np.int64],
    y: NDArray[np.int64],
    rows: NDArray[np.int64],
    names: tuple[str, ...],
) -> Heatmap:
    columns, lines = (len(part) for part in bins)
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < lines)
    flat = np.where(inside, y * columns + x, -1)
    values = np.bincount(flat[inside], minlength=lines * columns)
    members = group_rows(flat, rows, lines * columns)
    return Heatmap(
        title,
        *axes,
        'objects',
        *bins,
        values.reshape(lines, columns).astype(np.float64),
        tuple(members[line * columns : (line + 1) * columns] for line in range(lines)),
        names,
    )
