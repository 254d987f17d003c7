"""Turn the objects of one image into a label map.

Three rules for overlapping objects circulate; ``area`` is the official one of cohorts
2 to 4, ``class_id`` the first cohort's, ``vertices`` an early baseline's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pycocotools.mask as coco_mask

RULES = ('area', 'class_id', 'vertices')
"""``area``: painted by area descending, the smallest wins. ``class_id``: the highest
label wins. ``vertices``: painted by vertices of the first polygon, the most win. Ties
go to the later one in the file."""


@dataclass(frozen=True)
class Region:
    """The pixels of one object.

    Attributes:
        label: The label, or the ignore index.
        area: Area that rule ``area`` sorts by, in pixels.
        vertices: Vertices of the first polygon, that rule ``vertices`` sorts by.
        box: Tight box of the pixels: x, y, width, height; all zero without pixels.
        crop: (height, width) of the box, bool: the object's pixels in it.
    """

    label: int
    area: float
    vertices: int
    box: tuple[int, int, int, int]
    crop: np.ndarray


def make_region(
    label: int,
    segmentation: Any,
    area: float | None,
    vertices: int,
    height: int,
    width: int,
) -> Region:
    """Rasterise one object.

    Args:
        label: The label, or the ignore index.
        segmentation: A checked COCO segmentation: polygons, whose union counts, or a
            run-length code, compressed or not.
        area: The annotation's area in pixels; None has the pixels counted.
        vertices: Number of vertices of the first polygon.
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        The object's pixels, clipped to the image.
    """
    rle = _to_rle(segmentation, height, width)
    x, y, w, h = (int(value) for value in coco_mask.toBbox(rle))
    pixels = coco_mask.decode(rle)[y : y + h, x : x + w].astype(bool)
    # The box of a run-length code gets too tall where a run wraps to the next column.
    rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
    if not len(rows):
        box, crop = (0, 0, 0, 0), np.zeros((0, 0), bool)
    else:
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        box = (x + int(left), y + int(top), int(right - left), int(bottom - top))
        crop = np.ascontiguousarray(pixels[top:bottom, left:right])
    area = float(crop.sum()) if area is None else float(area)
    return Region(label, area, vertices, box, crop)


def paint(
    regions: Sequence[Region],
    height: int,
    width: int,
    rule: str = 'area',
    background: int = 0,
    ignore_index: int = 255,
) -> np.ndarray:
    """Paint objects into a label map.

    Args:
        regions: The objects in file order.
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        rule: Which object wins where several overlap, one of ``RULES``.
        background: Label of pixels without object.
        ignore_index: Label of ignored pixels; under ``class_id`` it loses to any label.

    Returns:
        (height, width) uint8 label map.

    Raises:
        ValueError: The rule is not known.
    """
    keys = {
        'area': lambda region: -region.area,
        'class_id': lambda region: -1 if region.label == ignore_index else region.label,
        'vertices': lambda region: region.vertices,
    }
    if rule not in keys:
        raise ValueError(f'rule must be one of {RULES}, got {rule!r}')
    label_map = np.full((height, width), background, np.uint8)
    for region in sorted(regions, key=keys[rule]):
        x, y, w, h = region.box
        np.putmask(label_map[y : y + h, x : x + w], region.crop, np.uint8(region.label))
    return label_map


def _to_rle(segmentation: Any, height: int, width: int) -> dict:
    if isinstance(segmentation, dict):
        if isinstance(segmentation['counts'], list):
            return coco_mask.frPyObjects(segmentation, height, width)
        return segmentation
    polygons = [_clip_far(polygon, height, width) for polygon in segmentation]
    polygons = [polygon for polygon in polygons if len(polygon) >= 6]
    if not polygons:
        return coco_mask.encode(np.zeros((height, width), np.uint8, order='F'))
    return coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))


def _clip_far(polygon: list[float], height: int, width: int) -> list[float]:
    """Clip a polygon that reaches far beyond the image (Sutherland and Hodgman 1974).

    The rasteriser clips by itself, but walks along every pixel of the outline: one
    coordinate of 1e9 would cost it 40 GB. The margin leaves usual polygons untouched.
    """
    margin = 4 * max(height, width)
    points = np.asarray(polygon, np.float64).reshape(-1, 2)
    bounds = ((0, width + margin), (1, height + margin))
    if (points > -margin).all() and all((points[:, i] < b).all() for i, b in bounds):
        return polygon
    for axis, high in bounds:
        for sign, limit in ((1.0, high), (-1.0, margin)):
            inside = sign * points[:, axis] <= limit
            kept = []
            for i in range(len(points)):
                a, b = points[i - 1], points[i]
                if inside[i - 1] != inside[i]:
                    share = (sign * limit - a[axis]) / (b[axis] - a[axis])
                    kept.append(a + share * (b - a))
                if inside[i]:
                    kept.append(b)
            points = np.asarray(kept).reshape(-1, 2)
    return points.ravel().tolist()
