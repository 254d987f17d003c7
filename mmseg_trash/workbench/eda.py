"""Bars over classes, colours, objects and images; each knows the images behind it."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..datasets.categories import BACKGROUND
from ..datasets.statistics import class_statistics
from .image_table import CHANNELS, LEVELS
from .survey import Survey
from .tables import Histogram, group_rows, histogram

CLASS_UNITS = {'images': 'images', 'instances': 'objects', 'pixels': 'pixels'}
IMAGE_FIGURES = ('brightness', 'contrast', 'sharpness')
EVERYTHING = 'all'
"""Name of the bars of all classes together."""
SIZE_EDGES = 10 ** np.linspace(-6, 0, 25)
"""Limits of the shares of objects in their images: four bins to a factor of ten."""
_MOST_OBJECTS = 20


def percent(share: float) -> str:
    """Write a share in per cent with two digits."""
    digits = 3 if share > 0.99 else 2
    return np.format_float_positional(100 * share, digits, fractional=False, trim='-')


def object_labels(survey: Survey) -> list[int]:
    """Return the labels that are no background."""
    return [i for i, name in enumerate(survey.classes) if name != BACKGROUND]


def class_bars(survey: Survey, what: str = 'instances') -> Histogram:
    """Count each class.

    Args:
        survey: The data.
        what: ``images`` that show it, ``instances``, or ``pixels``.

    Raises:
        ValueError: ``what`` is something else.
    """
    if what not in CLASS_UNITS:
        raise ValueError(f'what must be one of {tuple(CLASS_UNITS)}, got {what!r}')
    number = len(survey.classes)
    counts, objects = survey.class_counts, survey.objects
    statistics = class_statistics(counts, objects.label)
    if what == 'instances':
        members = group_rows(objects.label, objects.image, number)
    else:
        order = np.argsort(-counts, axis=0, kind='stable')
        shown = (counts > 0).sum(axis=0)
        members = tuple(order[: shown[label], label] for label in range(number))
    return Histogram(
        f'{CLASS_UNITS[what].capitalize()} of each class',
        'class',
        CLASS_UNITS[what],
        survey.classes,
        getattr(statistics, what).astype(np.float64),
        members,
        survey.names,
        colours=survey.palette,
    )


def colour_bars(survey: Survey, channel: str = 'hue') -> dict[str, Histogram]:
    """Count the levels of a colour channel, for all pixels and for each class.

    Args:
        survey: The data.
        channel: ``red``, ``green``, ``blue``, ``hue``, ``saturation`` or ``value``.

    Returns:
        ``'all'`` and the classes that occur -> shares of their pixels, 32 bins from 0
        to 255. Behind a bin are the images with pixels in it, most pixels first.

    Raises:
        ValueError: There is no such channel.
    """
    if channel not in CHANNELS:
        raise ValueError(f'channel must be one of {CHANNELS}, got {channel!r}')
    table = survey.images
    counts = table.colour_counts[:, CHANNELS.index(channel)].astype(np.int64)
    edges = np.linspace(0, 256, LEVELS + 1)
    bins = tuple(f'{int(a)}–{int(b) - 1}' for a, b in pairwise(edges))
    found = {}
    for label in (None, *range(len(survey.classes))):
        chosen = slice(None) if label is None else table.colour_label == label
        by_image = np.zeros((len(survey), LEVELS), np.int64)
        np.add.at(by_image, table.colour_row[chosen], counts[chosen])
        total = by_image.sum()
        if not total:
            continue
        order = np.argsort(-by_image, axis=0, kind='stable')
        shown = (by_image > 0).sum(axis=0)
        name = EVERYTHING if label is None else survey.classes[label]
        found[name] = Histogram(
            f'{channel.capitalize()}: {name}',
            f'{channel}, 0 to 255',
            'share of pixels',
            bins,
            by_image.sum(axis=0) / total,
            tuple(order[: shown[level], level] for level in range(LEVELS)),
            survey.names,
            edges,
        )
    return found


def objects_per_image(survey: Survey, label: int | None = None) -> Histogram:
    """Count images by how many objects they hold.

    Args:
        survey: The data.
        label: Count objects of this label alone; None counts all.
    """
    objects = survey.objects
    chosen = slice(None) if label is None else objects.label == label
    numbers = np.bincount(objects.image[chosen], minlength=len(survey))
    last = min(int(numbers.max(initial=0)), _MOST_OBJECTS)
    bins = [str(number) for number in range(last + 1)]
    if numbers.max(initial=0) > last:
        bins[-1] = f'{last}+'
    edges = np.append(np.arange(last + 1), max(int(numbers.max(initial=0)), last) + 1)
    what = 'objects' if label is None else f'objects of {survey.classes[label]}'
    return histogram(
        f'{what.capitalize() if label is None else "O" + what[1:]} per image',
        what,
        'images',
        numbers.astype(np.float64),
        np.arange(len(survey)),
        edges,
        survey.names,
        bins,
    )


def object_sizes(survey: Survey) -> dict[str, Histogram]:
    """Count objects by their share of the image, on a logarithmic scale.

    Returns:
        ``'all'`` and the classes with objects -> bars, bins of `SIZE_EDGES`.
    """
    shares, objects = survey.shares, survey.objects
    bins = [f'{percent(a)}–{percent(b)} %' for a, b in pairwise(SIZE_EDGES)]
    found = {}
    for label in (None, *object_labels(survey)):
        chosen = np.ones(len(shares), bool)
        if label is not None:
            chosen = objects.label == label
        if label is not None and not chosen.any():
            continue
        name = EVERYTHING if label is None else survey.classes[label]
        found[name] = histogram(
            f'Size of objects: {name}',
            'share of the image',
            'objects',
            shares[chosen],
            objects.image[chosen],
            SIZE_EDGES,
            survey.names,
            bins,
        )
    return found


def image_bars(survey: Survey, what: str = 'brightness', number: int = 24) -> Histogram:
    """Count images by brightness, contrast or sharpness.

    Args:
        survey: The data.
        what: One of `IMAGE_FIGURES`.
        number: Number of bins.

    Raises:
        ValueError: ``what`` is something else.
    """
    if what not in IMAGE_FIGURES:
        raise ValueError(f'what must be one of {IMAGE_FIGURES}, got {what!r}')
    values: NDArray[np.float64] = getattr(survey.images, what)
    known = np.flatnonzero(~np.isnan(values))
    if what == 'sharpness':
        low, high = 0.0, 4.0
        values = values.clip(10**low, 10**high)
        edges, axis = 10 ** np.linspace(low, high, number + 1), 'variance of Laplacian'
    else:
        top = 1.0 if what == 'brightness' else 0.5
        edges, axis = np.linspace(0, top, number + 1), f'{what}, 0 to 1'
    return histogram(
        f'{what.capitalize()} of the images',
        axis,
        'images',
        values[known],
        known,
        edges,
        survey.names,
    )
