"""IoU of the bands along the borders of classes, which size does not hide.

Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation",
CVPR 2021, arXiv:2103.16562, section 4: of both maps only the pixels within a distance
of their own border count. As in the paper the distance is 2 % of the image's diagonal,
and the image's edge is a border where a class touches it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX
from ..progress import track
from .compare import common_names, label_of, same_size
from .predictions import Labels, Predictions
from .survey import Survey

RATIO = 0.02
"""Width of the band as a share of the image's diagonal."""
Counts = NDArray[np.int64]


def band(region: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Return the pixels of a region within some steps of its border.

    Args:
        region: (H, W).
        width: Steps, of erosion by a square of 3 x 3; at least 1.
    """
    padded = np.pad(region.astype(np.uint8), 1)
    kept = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)
    return region & (kept[1:-1, 1:-1] == 0)


def boundary_counts(
    truth: Labels, prediction: Labels, classes: int, ratio: float = RATIO
) -> Counts:
    """Count the pixels of the bands of one image.

    Args:
        truth: (H, W).
        prediction: (H, W).
        classes: Number of classes C.
        ratio: Width of the bands as a share of the diagonal; at least one pixel.

    Returns:
        (2, C): pixels in both bands and in either. Pixels that the truth ignores are
        left out.
    """
    width = max(1, round(ratio * float(np.hypot(*truth.shape))))
    known = truth != IGNORE_INDEX
    counts = np.zeros((2, classes), np.int64)
    for label in range(classes):
        one, other = truth == label, prediction == label
        if not (one.any() or other.any()):
            continue
        one, other = band(one, width) & known, band(other, width) & known
        counts[:, label] = (one & other).sum(), (one | other).sum()
    return counts


def boundary_iou(
    truth: Predictions | Survey,
    prediction: Predictions,
    names: Sequence[str] | None = None,
    ratio: float = RATIO,
) -> NDArray[np.float64]:
    """Compute the boundary IoU of each class over a set of images.

    Args:
        truth: The labels.
        prediction: What is held against them.
        names: Images to count; None takes those that both have.
        ratio: Width of the bands as a share of the diagonal.

    Returns:
        (C,) from 0 to 1, of the pixels of all images together; NaN where neither has
        the class.

    Raises:
        DataError: The classes differ, or no image is in both.
    """
    names = common_names(truth, prediction) if names is None else tuple(names)
    counts = np.zeros((2, len(truth.classes)), np.int64)
    for name in track(names, len(names), 'Comparing borders'):
        one, other = same_size(label_of(truth, name), prediction.label_map(name))
        counts += boundary_counts(one, other, len(truth.classes), ratio)
    with np.errstate(invalid='ignore'):
        return np.asarray(counts[0] / counts[1])
