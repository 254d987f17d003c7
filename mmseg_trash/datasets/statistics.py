"""How often each class occurs."""

from typing import NamedTuple

import numpy as np


class ClassStatistics(NamedTuple):
    """Occurrence of each class: (C,) int64 each.

    Attributes:
        images: Images whose label map shows the class.
        instances: Objects of the class, hidden ones included.
        pixels: Pixels of the class in the label maps.
    """

    images: np.ndarray
    instances: np.ndarray
    pixels: np.ndarray


def class_statistics(
    class_counts: np.ndarray, instance_labels: np.ndarray
) -> ClassStatistics:
    """Count images, objects and pixels of each class.

    Args:
        class_counts: (N, C) pixels per image, from ``TrashDataset.class_counts``.
        instance_labels: (M,) labels, from ``TrashDataset.instance_index``.

    Returns:
        The counts.
    """
    counts = np.asarray(class_counts, np.int64)
    instances = np.bincount(instance_labels, minlength=counts.shape[1])
    return ClassStatistics(
        (counts > 0).sum(axis=0), instances.astype(np.int64), counts.sum(axis=0)
    )
