"""Weights of donor classes that can change under running workers."""

from collections.abc import Sequence

import numpy as np
import torch


class LiveWeights:
    """One weight per class in memory that all processes of a loader share.

    Workers that were forked, or spawned by ``torch.multiprocessing``, see what the
    main process sets without being restarted. Batches that they have already loaded
    are not touched.

    Args:
        num_classes: Number of classes C.
    """

    def __init__(self, num_classes: int) -> None:
        self._values = torch.zeros(num_classes, dtype=torch.float64).share_memory_()
        self._version = torch.zeros(1, dtype=torch.int64).share_memory_()

    @property
    def version(self) -> int:
        """How often the weights were set: 0 while they are not."""
        return int(self._version)

    def get(self) -> np.ndarray | None:
        """Return the weights, float64 (C,), a copy; None while none were set."""
        return self._values.numpy().copy() if self.version else None

    def set(self, weights: Sequence[float] | np.ndarray) -> None:
        """Set the weights for all processes.

        Args:
            weights: (C,), finite, not negative, not all 0.

        Raises:
            ValueError: They are anything else.
        """
        values = np.asarray(weights, np.float64)
        if values.shape != tuple(self._values.shape):
            raise ValueError(
                f'expected {len(self._values)} weights, got shape {values.shape}'
            )
        if not np.isfinite(values).all() or values.min() < 0 or not values.any():
            raise ValueError(
                f'weights must be finite, not negative and not all 0, got {weights}'
            )
        # a reader looks at the version first
        self._values.copy_(torch.from_numpy(values))
        self._version += 1
