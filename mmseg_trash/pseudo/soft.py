"""Soft labels: the probabilities of a store as maps of 255 levels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from ..inference.store import ProbStore
from ..metainfo import IGNORE_INDEX


class SoftLabels:
    """Read access to the store that tools/pseudo_label.py --soft wrote.

    Args:
        folder: Of the store.
        classes: Names of the data set's classes.

    Raises:
        FileNotFoundError, DataError: There is no store, or it is damaged.
        ConfigError: It is of other classes.
    """

    def __init__(self, folder: str, classes: Sequence[str]) -> None:
        self.store = ProbStore.open(folder)
        if tuple(classes) != self.store.classes:
            raise ConfigError(
                f'{folder}: is of the classes {self.store.classes}, not {classes}'
            )

    def levels(self, name: str, label: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """Return an image's probabilities.

        Args:
            name: Its ``file_name``.
            label: Its label map, (H, W).

        Returns:
            (C, H, W), 255 for the probability 1, 0 where the label map is ignored; None
            if the store lacks the image.

        Raises:
            DataError: The store's file is damaged.
            ConfigError: It is of another size.
        """
        if name not in self.store:
            return None
        probs = self.store.read(name)
        if probs.shape[1:] != label.shape:
            raise ConfigError(
                f'{name}: the store has {probs.shape[1:]} pixels, the label map '
                f'{label.shape}'
            )
        levels: NDArray[np.uint8] = np.rint(probs * 255).astype(np.uint8)
        levels[:, label == IGNORE_INDEX] = 0
        return levels
