"""A small data set in memory with the methods that donors are read by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from mmseg_trash.metainfo import METAINFO


@dataclass
class Thing:
    """An object that knows its pixels."""

    label: int
    cover: np.ndarray

    def decode(self) -> np.ndarray:
        return self.cover.copy()


class Index(NamedTuple):
    """Columns of all objects."""

    image: np.ndarray
    label: np.ndarray
    area: np.ndarray
    order: np.ndarray


class StandIn:
    """Images and label maps from memory, read-only like those of a cache.

    Args:
        samples: Image (H, W, 3) and label map (H, W) each; every class of a label map
            other than Background is one object.
    """

    metainfo = METAINFO

    def __init__(self, samples: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        self.samples = samples
        self.loads: list[int] = []
        for arrays in samples:
            for array in arrays:
                array.setflags(write=False)

    def load_image(self, index: int) -> np.ndarray:
        self.loads.append(index)
        return self.samples[index][0]

    def label_map_of(self, index: int) -> np.ndarray:
        return self.samples[index][1]

    def class_counts(self) -> np.ndarray:
        return np.stack(
            [
                np.bincount(label.ravel(), minlength=256)[:11]
                for _, label in self.samples
            ]
        )

    def instances(self, index: int) -> list[Thing]:
        label = self.samples[index][1]
        return [Thing(int(c), label == c) for c in np.unique(label) if 0 < c < 255]

    def instance_index(self) -> Index:
        rows = [
            (index, thing.label, int(thing.cover.sum()), order)
            for index in range(len(self.samples))
            for order, thing in enumerate(self.instances(index))
        ]
        return Index(*np.array(rows).reshape(-1, 4).T)

    def results(self, index: int) -> dict:
        """Return what the pipeline holds after loading."""
        image, label = self.samples[index]
        return dict(
            img=image,
            gt_seg_map=label,
            seg_fields=['gt_seg_map'],
            img_shape=image.shape[:2],
            ori_shape=image.shape[:2],
            sample_idx=index,
            dataset=self,
        )


def coloured(label: np.ndarray, green: int = 0) -> np.ndarray:
    """Return a BGR image in which a pixel's colour tells its label.

    Blue is ten times the label, red 200: what is pasted wrongly, or with red and blue
    swapped, shows.
    """
    image = np.empty((*label.shape, 3), np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = label * 10, green, 200
    return image


def stripes(shape: tuple[int, int], labels: Sequence[int]) -> np.ndarray:
    """Return a label map of vertical stripes, Background between them."""
    label = np.zeros(shape, np.uint8)
    width = shape[1] // (2 * len(labels))
    for place, value in enumerate(labels):
        label[4:-4, 2 * place * width : (2 * place + 1) * width] = value
    return label


SAMPLES = (
    ((60, 80), []),
    ((60, 80), [1, 2, 8]),
    ((80, 60), [4, 9]),
    ((100, 120), [2, 3, 10, 6]),
    ((40, 40), [5, 255, 2]),
)


@pytest.fixture
def dataset() -> StandIn:
    """Return five images of four sizes; the green value tells the image."""
    samples = []
    for number, (shape, labels) in enumerate(SAMPLES):
        label = stripes(shape, labels) if labels else np.zeros(shape, np.uint8)
        samples.append((coloured(label, number + 1), label))
    return StandIn(samples)
