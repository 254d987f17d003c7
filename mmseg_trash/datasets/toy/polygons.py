"""From drawn regions to COCO polygons that rule ``area`` paints back as drawn."""

from typing import Any

import cv2
import numpy as np

TOLERANCE = 0.45
"""Largest distance in pixels of a polygon from the drawn edge."""


def _outlines(region: np.ndarray) -> list[np.ndarray]:
    """Trace the outer edges of a boolean region at half-pixel precision.

    Args:
        region: Uint8 (H, W), 0 or 1.

    Returns:
        Arrays (N, 2) of x, y in COCO's coordinates (pixel i spans i to i + 1), a
        quarter of a pixel within the true edge, so that every rasteriser, be it by
        pixel centres or by truncated vertices, gives the same pixels back.
    """
    double = cv2.resize(region, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [(contour[:, 0, :] + 0.5) / 2 for contour in found if len(contour) > 2]


def _simplify(outline: np.ndarray) -> np.ndarray:
    """Drop points that move the outline by less than the tolerance."""
    slim = cv2.approxPolyDP(outline.astype(np.float32)[:, None], TOLERANCE, True)[:, 0]
    return slim if len(slim) > 2 else outline


def _fill(region: np.ndarray) -> np.ndarray:
    """Fill the holes of a boolean region, uint8 (H, W) of 0 and 1."""
    found, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return cv2.drawContours(np.zeros_like(region), found, -1, 1, cv2.FILLED)


def _cut_holes(region: np.ndarray) -> list[np.ndarray]:
    """Split a region along the rows of its holes' middles until no hole is left."""
    filled = _fill(region)
    if int(filled.sum()) == int(region.sum()):
        return [region]
    rows = np.flatnonzero((filled > region).any(axis=1))
    row = int(rows[len(rows) // 2]) if len(rows) > 1 else int(rows[0])
    upper, lower = region.copy(), region.copy()
    upper[row + 1 :] = 0
    lower[: row + 1] = 0
    if len(rows) == 1:
        # a hole one row high opens only when its own row is split off
        middle = region.copy()
        middle[:row] = 0
        middle[row + 1 :] = 0
        upper[row:] = 0
        return [*_cut_holes(upper), middle, *_cut_holes(lower)]
    return [*_cut_holes(upper), *_cut_holes(lower)]


def annotate(owner: np.ndarray, labels: list[int]) -> list[dict[str, Any]]:
    """Describe the visible part of every object as COCO polygons.

    Objects that lie on another one leave no hole in it when the smaller area wins
    there anyway (a bag is outlined whole, its contents on top of it); other holes are
    cut open.

    Args:
        owner: Int16 (H, W): index of the object seen at a pixel, -1 for the background.
        labels: Category id of each object.

    Returns:
        Annotations without ids, in the order of the objects; hidden ones are left out.
    """
    boxes, regions, filled = [], [], []
    for index in range(len(labels)):
        region = (owner == index).view(np.uint8)
        x, y, width, height = cv2.boundingRect(region)
        box = (slice(y, y + height), slice(x, x + width))
        boxes.append(box)
        regions.append(np.ascontiguousarray(region[box]))
        filled.append(_fill(regions[-1]) if width else regions[-1])
    areas = [int(region.sum()) for region in filled]
    annotations = []
    for index, label in enumerate(labels):
        if not areas[index]:
            continue
        box, region = boxes[index], regions[index]
        under = np.unique(owner[box][filled[index] > region])
        kept = all(other >= 0 and areas[other] < areas[index] for other in under)
        pieces = [filled[index]] if kept else _cut_holes(region)
        offset = (box[1].start, box[0].start)
        polygons = [
            (_simplify(outline) + offset).astype(np.float64)
            for piece in pieces
            for outline in _outlines(piece)
        ]
        if not polygons:
            continue
        rows = box[0].stop - box[0].start
        columns = box[1].stop - box[1].start
        annotations.append(
            dict(
                category_id=label,
                segmentation=[
                    polygon.ravel().round(2).tolist() for polygon in polygons
                ],
                area=areas[index] if kept else int(region.sum()),
                bbox=[int(offset[0]), int(offset[1]), int(columns), int(rows)],
                iscrowd=0,
            )
        )
    return annotations
