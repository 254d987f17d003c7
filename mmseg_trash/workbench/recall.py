"""How many objects a prediction finds, by their size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..progress import track
from .compare import common_names
from .predictions import Predictions
from .survey import Survey

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
RECALL_EDGES = 10 ** np.linspace(-5, 0, 11)
"""Limits of the shares of objects in their images, two bins to a factor of ten."""
FOUND = 0.5
"""Share of an object's visible pixels that must bear its label."""


@dataclass(frozen=True)
class SizeRecall:
    """How many objects are found, by their share of the image.

    Attributes:
        edges: (B + 1,) limits of the shares.
        objects: (C, B) objects with a visible pixel.
        found: (C, B) those of which half the visible pixels bear their label.
    """

    edges: Floats
    objects: Counts
    found: Counts


def size_recall(
    survey: Survey, prediction: Predictions, names: Sequence[str] | None = None
) -> SizeRecall:
    """Count the objects that a prediction finds, by class and size.

    Args:
        survey: The truth.
        prediction: What is held against it.
        names: Images to count; None takes those that both have.

    Raises:
        DataError: The classes differ, or no image is in both.
    """
    names = common_names(survey, prediction) if names is None else tuple(names)
    shape = len(survey.classes), len(RECALL_EDGES) - 1
    objects, found = np.zeros((2, *shape), np.int64)
    for name in track(names, len(names), 'Finding objects'):
        row = survey.row(name)
        truth, label = survey.label_map(row), prediction.label_map(name)
        if label.shape != truth.shape:
            # Enlarged as it was shrunk, so that no small object gets lost by sampling.
            height, width = truth.shape
            lines = np.arange(height) * label.shape[0] // height
            label = label[lines[:, None], np.arange(width) * label.shape[1] // width]
        for item in survey.labels.instances(int(survey.json_rows[row])):
            x, y, w, h = item.bbox
            visible = item.crop() & (truth[y : y + h, x : x + w] == item.label)
            number = int(visible.sum())
            if not number:
                continue
            share = item.area / truth.size
            place = int(np.searchsorted(RECALL_EDGES, share, side='right')) - 1
            place = min(max(place, 0), shape[1] - 1)
            hits = (label[y : y + h, x : x + w][visible] == item.label).sum()
            objects[item.label, place] += 1
            found[item.label, place] += hits >= FOUND * number
    return SizeRecall(RECALL_EDGES, objects, found)
