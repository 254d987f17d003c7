"""Imaginary members of an ensemble, made from the truth."""

import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..workbench.predictions import Predictions
from .degrade import Degradation, degrade


class DegradedPredictions(Predictions):
    """One of several imaginary models: `degrade` of the truth, drawn when asked for."""

    kind = 'store'

    def __init__(self, draw: '_Draw', number: int) -> None:
        super().__init__(draw.truth.path, draw.truth.classes, draw.truth.names)
        self._draw = draw
        self._number = number

    def probs(self, name: str) -> NDArray[np.float32]:
        """Return the probabilities of an image, (C, H, W)."""
        return _drawn(self._draw, name)[self._number]

    def _read(self, name: str) -> NDArray[np.uint8]:
        return self.probs(name).argmax(axis=0).astype(np.uint8)


def degraded_members(
    truth: Predictions, number: int, seed: int = 0, how: Degradation | None = None
) -> list[DegradedPredictions]:
    """Return the members of an imaginary ensemble.

    Args:
        truth: The true label maps.
        number: How many members.
        seed: Of the draws, which depend on the image's name besides.
        how: Strength of the faults.
    """
    draw = _Draw(truth, number, seed, how or Degradation())
    return [DegradedPredictions(draw, k) for k in range(number)]


class _Draw:
    def __init__(
        self, truth: Predictions, number: int, seed: int, how: Degradation
    ) -> None:
        self.truth, self.number, self.seed, self.how = truth, number, seed, how


@lru_cache(maxsize=1)
def _drawn(draw: _Draw, name: str) -> list[NDArray[np.float32]]:
    """Draw all members of an image at once, and keep the latest image's."""
    seed = zlib.crc32(f'{draw.seed} {name}'.encode())
    label = draw.truth.label_map(name)
    classes = len(draw.truth.classes)
    return degrade(label, classes, draw.number, seed, draw.how)
