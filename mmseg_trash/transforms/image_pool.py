"""Whole images as donors."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import DataError
from .class_weights import donor_probabilities
from .donor_pool import DonorPool
from .mix_transform import DonorDataset


@dataclass
class WholeImage:
    """A decoded donor.

    Attributes:
        index: Its index in the data set.
        image: BGR, (H, W, 3).
        label: Label map, (H, W).
    """

    index: int
    image: np.ndarray
    label: np.ndarray


def image_pool(
    dataset: DonorDataset,
    weights: np.ndarray | None,
    size: int,
    refresh: int,
    flip_prob: float,
) -> DonorPool[WholeImage]:
    """Return an empty pool of images.

    Args:
        dataset: Where they come from.
        weights: Of the classes, (C,): a class is drawn by weight, then an image that
            shows it. None draws images evenly.
        size: See :class:`DonorPool`.
        refresh: See :class:`DonorPool`.
        flip_prob: Probability of flipping an image from left to right.

    Raises:
        DataError: If no image shows a class of positive weight.
    """
    counts = dataset.class_counts()
    if weights is None:
        likely = np.full(len(counts), 1 / len(counts))
    else:
        likely = donor_probabilities(counts > 0, weights)
    if not likely.any():
        names = [
            name
            for name, weight in zip(dataset.metainfo['classes'], weights)  # type: ignore[arg-type]
            if weight
        ]
        raise DataError(f'no image of the data set shows any of {names}')

    def make() -> WholeImage:
        index = int(np.random.choice(len(likely), p=likely))
        image, label = dataset.load_image(index), dataset.label_map_of(index)
        if np.random.random() < flip_prob:
            image, label = cv2.flip(image, 1), cv2.flip(label, 1)
        return WholeImage(index, image, label)

    return DonorPool(make, min(size, int((likely > 0).sum())), refresh)


def draw_other(pool: DonorPool[WholeImage], index: int) -> WholeImage:
    """Draw a donor, another image than ``index`` if four tries find one."""
    donor = pool.draw()
    for _ in range(3):
        if donor.index != index:
            break
        donor = pool.draw()
    return donor
