"""Label maps as COCO annotations and back without a pixel's difference."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pycocotools.mask as coco_mask
from numpy.typing import NDArray

from ..errors import DataError
from ..metainfo import IGNORE_INDEX, IGNORED


def categories(classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the COCO categories: every class under its label, and ``Ignored``."""
    names = [*enumerate(classes), (IGNORE_INDEX, IGNORED)]
    return [dict(id=label, name=name, supercategory=name) for label, name in names]


def encode(
    label: NDArray[np.uint8], classes: Sequence[str], background: int
) -> list[dict[str, Any]]:
    """Encode a label map as regions that do not overlap.

    Each connected region (8 neighbours) of a class is an annotation; ignored pixels are
    one, a crowd of the category ``Ignored``. Pixels of the background need none, unless
    the image has nothing else.

    Args:
        label: (H, W), labels and the ignore index.
        classes: Names of the classes.
        background: Label of pixels without annotation, see ``CategoryRule``.

    Returns:
        Annotations without ``id`` and ``image_id``: compressed run-length codes, which
        keep holes, with area and bounding box in pixels.

    Raises:
        DataError: A label is neither a class nor the ignore index.
    """
    values = np.unique(label).tolist()
    wrong = [v for v in values if v >= len(classes) and v != IGNORE_INDEX]
    if wrong:
        raise DataError(f'label {wrong[0]}: expected 0 to {len(classes) - 1}')
    found: list[dict[str, Any]] = []
    for value in values:
        if value == background:
            continue
        chosen = label == value
        if value == IGNORE_INDEX:
            found.append(_annotation(chosen, value, iscrowd=1))
            continue
        number, parts, boxes, _ = cv2.connectedComponentsWithStats(
            chosen.astype(np.uint8), connectivity=8
        )
        for part in range(1, number):
            x, y, width, height = boxes[part, :4].tolist()
            region = np.zeros(label.shape, bool)
            view = slice(y, y + height), slice(x, x + width)
            region[view] = parts[view] == part
            found.append(_annotation(region, value))
    if not found:
        crowd = int(background == IGNORE_INDEX)
        found.append(_annotation(np.ones(label.shape, bool), background, crowd))
    return found


def _annotation(
    region: NDArray[np.bool_], label: int, iscrowd: int = 0
) -> dict[str, Any]:
    code = coco_mask.encode(np.asfortranarray(region, np.uint8))
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    x, y = int(columns[0]), int(rows[0])
    return dict(
        category_id=label,
        segmentation=dict(
            size=list(region.shape), counts=code['counts'].decode('ascii')
        ),
        area=int(region.sum()),
        bbox=[x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1],
        iscrowd=iscrowd,
    )
