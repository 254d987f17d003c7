"""Rules on the size and shape of single annotations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .finding import Finding, Limits
from .survey import Survey

_MAD_TO_SIGMA = 0.6745
_TOP_Z = 8.0
_MOST_POINTS = 2000
Points = NDArray[np.float64]


def find_sizes(survey: Survey, limits: Limits) -> Iterator[Finding]:
    """Find objects of unusual size, and those that cover the whole image."""
    objects, shares = survey.objects, survey.shares
    for label, name in enumerate(survey.classes):
        places = np.flatnonzero(objects.label == label)
        if len(places) < limits.area_objects:
            continue
        scores = robust_z(np.log10(shares[places]))
        typical = 10 ** np.median(np.log10(shares[places]))
        for place, z in zip(places, scores):
            ratio = shares[place] / typical
            if abs(z) >= limits.area_z and max(ratio, 1 / ratio) >= limits.area_ratio:
                message = (
                    f'{name}: covers {shares[place]:.3%} of the image, usual for the '
                    f'class is {typical:.3%} (robust z {z:+.1f})'
                )
                score = min(1.0, abs(z) / _TOP_Z)
                yield _finding(survey, int(place), 'area_outlier', score, message)
    for place in np.flatnonzero(shares >= limits.whole_image):
        name = survey.classes[objects.label[place]]
        message = f'{name}: covers {shares[place]:.1%} of the image'
        yield _finding(survey, int(place), 'whole_image', float(shares[place]), message)


def robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return distances from the median in units of the scaled absolute deviation.

    Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: .6745 (x - median)
    over the median absolute deviation. Where more than half of the values are the same,
    their deviation is taken as that of all from the median, scaled likewise.
    """
    away = values - np.median(values)
    spread = np.median(np.abs(away)) / _MAD_TO_SIGMA
    if spread == 0:
        spread = 1.253314 * np.abs(away).mean()
    return away / spread if spread else np.zeros_like(away)


def find_bad_polygons(
    survey: Survey, annotations: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """Find annotations without pixels, and polygons without area or with crossings.

    Args:
        survey: The data.
        annotations: Those of its JSON that are no category's left out, with the further
            keys ``file_name`` and ``label``.
    """
    drawn = set(survey.objects.annotation_id.tolist())
    ignored = len(survey.classes)
    for entry in annotations:
        number, parts = int(entry['id']), entry['segmentation']
        if not isinstance(parts, list):
            parts = []
        polygons = [np.asarray(part, np.float64).reshape(-1, 2) for part in parts]
        where = survey.title, str(entry['file_name']), number
        box = _box(polygons)
        flat = [p for p in polygons if hull_area(p) < 0.5]
        if number not in drawn and 0 < entry['label'] < ignored:
            yield Finding('degenerate', *where, 1.0, 'covers no pixel', box)
        elif flat:
            message = (
                f'{len(flat)} of {len(polygons)} polygons have an area below half a '
                'pixel'
            )
            yield Finding('degenerate', *where, 0.8, message, _box(flat))
        crossings = sum(count_crossings(points) for points in polygons)
        if crossings:
            s = '' if crossings == 1 else 's'
            message = f'edges cross at {crossings} place{s}'
            score = min(0.7, 0.3 + 0.1 * crossings)
            yield Finding('self_crossing', *where, score, message, box)


def hull_area(points: Points) -> float:
    """Return the area of a polygon's convex hull in pixels."""
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))))


def count_crossings(points: Points) -> int:
    """Count pairs of edges of a closed polygon that cross inside of both.

    Args:
        points: (K, 2); repeated points are taken once. Of polygons with more than 2000
            points nothing is counted.
    """
    points = points[(points != np.roll(points, -1, axis=0)).any(axis=1)]
    if not 4 <= len(points) <= _MOST_POINTS:
        return 0
    ends = np.roll(points, -1, axis=0)
    edges = ends - points

    def side(of: Points) -> NDArray[np.float64]:
        """On which side of each edge (line) each point (column) lies."""
        away = of[None] - points[:, None]
        return np.sign(
            edges[:, None, 0] * away[..., 1] - edges[:, None, 1] * away[..., 0]
        )

    # Adjacent edges share a point, so that one of these products is 0 for them.
    across = side(points) * side(ends) < 0
    return int(np.triu(across & across.T).sum())


def _box(polygons: Sequence[Points]) -> tuple[float, float, float, float] | None:
    if not polygons:
        return None
    points = np.concatenate(list(polygons))
    (x, y), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(x), float(y), float(right - x), float(bottom - y)


def _finding(
    survey: Survey, place: int, rule: str, score: float, message: str
) -> Finding:
    objects = survey.objects
    x, y, w, h = (float(value) for value in objects.box[place])
    return Finding(
        rule,
        survey.title,
        survey.names[objects.image[place]],
        int(objects.annotation_id[place]),
        score,
        message,
        (x, y, w, h),
    )
