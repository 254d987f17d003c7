"""Check the segmentation of one COCO annotation: polygons and run lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_BORDER = 1.0
"""Pixels by which a polygon may miss the image and still be taken as touching it."""


def segmentation_fault(
    segmentation: Any, height: int, width: int
) -> tuple[str, str] | None:
    """Find the first fault of a segmentation.

    Polygons partly outside the image are fine, they get clipped.

    Args:
        segmentation: List of polygons (flat ``x, y, x, y, ...`` in pixels), or a run
            length code as dict with ``size`` and ``counts``.
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        None when all is well, else the kind of the fault and its message.
    """
    if isinstance(segmentation, dict):
        return _rle_fault(segmentation, height, width)
    if not isinstance(segmentation, list):
        return 'bad_segmentation', (
            'segmentation must be a list of polygons or a run-length dict, got '
            f'{type(segmentation).__name__}'
        )
    if not segmentation:
        return 'empty_segmentation', 'segmentation has no polygon'
    for number, polygon in enumerate(segmentation):
        if fault := _polygon_fault(polygon, height, width):
            return fault[0], f'polygon {number} {fault[1]}'
    return None


def _polygon_fault(polygon: Any, height: int, width: int) -> tuple[str, str] | None:
    if not isinstance(polygon, list):
        return 'bad_segmentation', f'is no list of coordinates but {polygon!r}'
    if len(polygon) % 2:
        return 'odd_polygon', f'has {len(polygon)} coordinates, an odd number'
    if len(polygon) < 6:
        return 'short_polygon', f'has {len(polygon) // 2} points, fewer than three'
    try:
        points = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        return 'bad_segmentation', 'has coordinates that are no numbers'
    # One sum finds NaN and inf alike, at a third of the cost of isfinite().all().
    if not np.isfinite(points.sum()) and not np.isfinite(points).all():
        bad = points[~np.isfinite(points)][0]
        return 'nan_polygon', f'has the coordinate {bad}'
    low, high = points.min(axis=0), points.max(axis=0)
    outside = (
        high.min() < -_BORDER or low[0] > width + _BORDER or low[1] > height + _BORDER
    )
    if outside:
        return 'outside_polygon', (
            f'lies wholly outside the {width}x{height} image: x {low[0]:g} to '
            f'{high[0]:g}, y {low[1]:g} to {high[1]:g}'
        )
    return None


def _rle_fault(rle: dict, height: int, width: int) -> tuple[str, str] | None:
    size, counts = rle.get('size'), rle.get('counts')
    if size != [height, width]:
        return 'bad_rle', (
            f'run-length size is {size!r}, the image is [{height}, {width}] '
            '(height, width)'
        )
    if isinstance(counts, str):
        try:
            counts = decode_counts(counts)
        except ValueError as error:
            return 'bad_rle', str(error)
    if not isinstance(counts, list) or any(type(c) is not int or c < 0 for c in counts):
        return 'bad_rle', 'run-length counts are neither a string nor whole numbers'
    if sum(counts) != height * width:
        return 'bad_rle', (
            f'run-length counts cover {sum(counts)} pixels, the image has '
            f'{height * width}'
        )
    return None


def decode_counts(code: str) -> list[int]:
    """Decode COCO's compressed counts, without trusting them.

    Five bits per character, the sixth says that more follow; from the third count on
    the difference to the count before the previous one is stored.

    Args:
        code: The compressed string.

    Returns:
        Run lengths in column-major order, beginning with zeros; may be negative when
        the code is damaged.

    Raises:
        ValueError: A character is not part of the code, or the code ends early.
    """
    counts: list[int] = []
    value = shift = 0
    for character in code:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f'run-length counts hold the character {character!r}')
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        if len(counts) > 2:
            value += counts[-2]
        counts.append(value)
        value = shift = 0
    if shift:
        raise ValueError('run-length counts end within a number')
    return counts


def vertices_of(segmentation: list[Sequence[float]] | dict) -> int:
    """Count the vertices of the first polygon; a run-length code has none."""
    return 0 if isinstance(segmentation, dict) else len(segmentation[0]) // 2
