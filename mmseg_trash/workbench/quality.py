"""How far a model that has not seen an image agrees with its labels.

Lad and Mueller, "Estimating label quality and errors in semantic segmentation data via
any model", 2023, arXiv:2307.05080: an image is as good as its worst pixels. The score
is the soft minimum over the pixels of the probability of the label that each one bears.
The probabilities must be those of folds that did not train on the image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..datasets.categories import BACKGROUND
from ..errors import DataError
from ..metainfo import IGNORE_INDEX
from ..progress import track
from .compare import common_names
from .finding import Finding, rank
from .missing import Missing, find_missing
from .predictions import Predictions
from .survey import Survey

TEMPERATURE = 0.1
"""Of the soft minimum; 0 is the minimum, infinity the mean."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """Scores from 0, surely wrong, to 1; NaN where there are no probabilities.

    Attributes:
        images: (N,) score of each image of the survey.
        objects: (M,) score of each object, over its visible pixels.
        means: (M,) mean probability of the object's label over them.
        suggestions: (M,) label of the highest mean probability over them; -1 where
            there is none.
        missing: Objects that the model sees in the background.
    """

    images: Floats
    objects: Floats
    means: Floats
    suggestions: NDArray[np.int64]
    missing: tuple[Missing, ...] = ()


def soft_minimum(values: Floats, temperature: float = TEMPERATURE) -> float:
    """Average values with more weight on the low ones; NaN of none.

    Args:
        values: From 0 to 1.
        temperature: The weights are the softmax of (1 - value) / temperature.
    """
    if not values.size:
        return float('nan')
    weights = np.exp((values.min() - values) / temperature)
    return float((values * weights).sum() / weights.sum())


def label_quality(survey: Survey, predictions: Predictions) -> Quality:
    """Score the labels of every image and object that has probabilities.

    Args:
        survey: The labels.
        predictions: A store of probabilities, out of fold.

    Raises:
        DataError: They hold no probabilities, are of other classes, or have no image of
            the survey.
    """
    if predictions.kind != 'store':
        raise DataError(f'{predictions.path}: holds labels, no probabilities')
    images = np.full(len(survey), np.nan)
    objects, means = np.full((2, len(survey.objects.label)), np.nan)
    suggestions = np.full(len(survey.objects.label), -1, np.int64)
    first = np.searchsorted(survey.objects.image, np.arange(len(survey) + 1))
    background = [i for i, c in enumerate(survey.classes) if c == BACKGROUND]
    missing: list[Missing] = []
    names = common_names(survey, predictions)
    for name in track(names, len(names), 'Scoring labels'):
        row = survey.row(name)
        label, probs = survey.label_map(row), predictions.probs(name)
        assert probs is not None
        height, width = label.shape
        if probs.shape[1:] != label.shape:
            lines = np.arange(height) * probs.shape[1] // height
            probs = probs[:, lines[:, None], np.arange(width) * probs.shape[2] // width]
        safe = np.minimum(label, len(probs) - 1)
        own = np.take_along_axis(probs, safe[None], axis=0)[0].astype(np.float64)
        images[row] = soft_minimum(own[label != IGNORE_INDEX])
        for number in background:
            missing += find_missing(row, label, probs, number)
        items = survey.labels.instances(int(survey.json_rows[row]))
        for place, item in zip(range(first[row], first[row + 1]), items):
            x, y, w, h = item.bbox
            visible = item.crop() & (label[y : y + h, x : x + w] == item.label)
            if not visible.any():
                continue
            values = own[y : y + h, x : x + w][visible]
            objects[place], means[place] = soft_minimum(values), values.mean()
            mean = probs[:, y : y + h, x : x + w][:, visible].mean(axis=1)
            suggestions[place] = mean.argmax()
    return Quality(images, objects, means, suggestions, tuple(missing))


def quality_findings(
    survey: Survey, quality: Quality, limit: float = 0.5
) -> list[Finding]:
    """List what the model doubts, the most doubtful first.

    Args:
        survey: The labels.
        quality: Their scores.
        limit: Images whose score and objects whose mean probability are below count;
            objects only when another label is more probable.
    """
    found = []
    for row in np.flatnonzero(quality.images < limit):
        score = float(quality.images[row])
        message = f'label quality {score:.3f}'
        where = survey.title, survey.names[row], None
        found.append(Finding('low_quality_image', *where, 0.5 * (1 - score), message))
    objects = survey.objects
    for place in np.flatnonzero(quality.means < limit):
        label, other = objects.label[place], int(quality.suggestions[place])
        if other == label:
            continue
        mean = float(quality.means[place])
        message = (
            f'{survey.classes[label]}: its pixels have it at a mean probability of '
            f'{mean:.3f}, {survey.classes[other]} is the most probable (label quality '
            f'{quality.objects[place]:.3f})'
        )
        x, y, w, h = (float(value) for value in objects.box[place])
        found.append(
            Finding(
                'low_quality_object',
                survey.title,
                survey.names[objects.image[place]],
                int(objects.annotation_id[place]),
                1 - mean,
                message,
                (x, y, w, h),
                suggestion=other,
            )
        )
    for piece in quality.missing:
        name, size = survey.classes[piece.label], survey.sizes[piece.image].prod()
        message = (
            f'{name} is seen in {piece.area / size:.2%} of the image that is labelled '
            f'background, at a mean probability of {piece.mean:.3f}'
        )
        found.append(
            Finding(
                'missing_object',
                survey.title,
                survey.names[piece.image],
                None,
                0.9 * piece.mean,
                message,
                piece.box,
                suggestion=piece.label,
            )
        )
    return rank(found)
