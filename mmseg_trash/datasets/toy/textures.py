"""Procedural textures: noise, facets, weave and beads as float32 arrays."""

from functools import lru_cache

import cv2
import numpy as np

GRAIN_TILE = 1024


@lru_cache(maxsize=1)
def _grain_tile() -> np.ndarray:
    tile = np.random.default_rng(0).standard_normal(
        (GRAIN_TILE, GRAIN_TILE), dtype=np.float32
    )
    tile.setflags(write=False)
    return tile


def grain(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Cut pixel noise of standard deviation 1 out of a fixed tile.

    Args:
        rng: Chooses the place of the cut.
        height: Rows in pixels.
        width: Columns in pixels.

    Returns:
        Float32 of shape (height, width); do not write to it.
    """
    tile = _grain_tile()
    if height > GRAIN_TILE or width > GRAIN_TILE:
        tile = np.tile(tile, (height // GRAIN_TILE + 1, width // GRAIN_TILE + 1))
    top = rng.integers(tile.shape[0] - height + 1)
    left = rng.integers(tile.shape[1] - width + 1)
    return tile[top : top + height, left : left + width]


def clouds(
    rng: np.random.Generator,
    height: int,
    width: int,
    cell: float,
    octaves: int = 3,
    stretch: float = 1.0,
) -> np.ndarray:
    """Sum octaves of smooth value noise.

    Args:
        rng: Source of the values.
        height: Rows in pixels.
        width: Columns in pixels.
        cell: Size of the largest blobs in pixels.
        octaves: Number of octaves; each halves size and amplitude.
        stretch: How many times longer than high the blobs are.

    Returns:
        Float32 of shape (height, width), mostly within -1 and 1.
    """
    total: np.ndarray = np.zeros((2, 2), np.float32)
    for octave in range(octaves):
        rows = int(min(max(height / cell, 1), height)) + 2
        columns = int(min(max(width / (cell * stretch), 1), width)) + 2
        # finer octaves are added to the small grid: only one resize is a large one
        total = cv2.resize(total, (columns, rows), interpolation=cv2.INTER_CUBIC)
        total += rng.random((rows, columns), np.float32) * 2**-octave * 2 - 2**-octave
        cell = max(cell * 0.5, 1.0)
    if cell > 6 and min(height, width) > 128:
        # smooth enough at a quarter of the size; a large cubic resize is slow
        quarter = (width // 4 + 1, height // 4 + 1)
        total = cv2.resize(total, quarter, interpolation=cv2.INTER_CUBIC)
        return cv2.resize(total, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC)


def _sites(points: np.ndarray, height: int, width: int) -> tuple[np.ndarray, ...]:
    """Find for each pixel its nearest point: (distance, index), by rounded points."""
    canvas = np.full((height, width), 255, np.uint8)
    columns = np.clip(points[:, 0], 0, width - 1).astype(np.intp)
    rows = np.clip(points[:, 1], 0, height - 1).astype(np.intp)
    canvas[rows, columns] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        canvas, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    return distance, labels


def facets(
    rng: np.random.Generator, height: int, width: int, count: int = 24
) -> np.ndarray:
    """Shade a crumpled surface: flat facets that meet in sharp creases.

    Args:
        rng: Source of the facets.
        height: Rows in pixels.
        width: Columns in pixels.
        count: Number of facets.

    Returns:
        Float32 of shape (height, width), about -1 (dark) to 1 (lit).
    """
    points = rng.uniform(0, 1, (count, 2)) * (width, height)
    _, labels = _sites(points, height, width)
    number = int(labels.max()) + 1
    tilt = rng.uniform(-1, 1, (3, number)).astype(np.float32)
    reach = float(np.sqrt(height * width / count)) / 1.3
    # a facet's plane in coordinates that repeat, so that no facet saturates
    x = np.sin(np.arange(width, dtype=np.float32) / reach)[None, :]
    y = np.sin(np.arange(height, dtype=np.float32) / reach)[:, None]
    shade = tilt[0][labels] * 0.7 + 0.35 * (tilt[1][labels] * x + tilt[2][labels] * y)
    side = 2 * round(min(height, width) / 160) + 1
    return cv2.blur(shade, (max(side, 3), max(side, 3)))


def weave(
    rng: np.random.Generator, height: int, width: int, period: float
) -> np.ndarray:
    """Draw woven threads.

    Args:
        rng: Source of the irregular threads.
        height: Rows in pixels.
        width: Columns in pixels.
        period: Distance of two threads in pixels.

    Returns:
        Float32 of shape (height, width) within -1 and 1.
    """
    step = 2 * np.pi / max(period, 2.0)
    x = np.arange(width, dtype=np.float32) * step
    y = np.arange(height, dtype=np.float32) * step
    across = np.sin(x + rng.uniform(0, 6))[None, :]
    along = np.sin(y + rng.uniform(0, 6))[:, None]
    threads = rng.uniform(0.6, 1.0, (height, 1)).astype(np.float32)
    return (0.5 * (across * along) + 0.5 * np.maximum(across, along) * threads).astype(
        np.float32
    )


def beads(rng: np.random.Generator, height: int, width: int, cell: float) -> np.ndarray:
    """Draw packed beads, as in foamed polystyrene.

    Args:
        rng: Jitters the beads.
        height: Rows in pixels.
        width: Columns in pixels.
        cell: Diameter of a bead in pixels.

    Returns:
        Float32 of shape (height, width): 1 in the middle of a bead, falling to about
        -1 where beads meet.
    """
    cell = max(cell, 2.5)
    y, x = np.mgrid[0 : height / cell + 1, 0 : width / cell + 1]
    points = np.stack([x.ravel(), y.ravel()], 1)
    points += rng.uniform(-0.35, 0.35, points.shape)
    distance, labels = _sites(points * cell, height, width)
    tone = rng.uniform(-0.35, 0.35, int(labels.max()) + 1).astype(np.float32)
    return np.clip(1 - 2.2 * distance / cell, -1, 1) + tone[labels]


def gathers(
    rng: np.random.Generator, height: int, width: int, knot: tuple[float, float]
) -> np.ndarray:
    """Shade film that is gathered at a knot: folds run away from it.

    Args:
        rng: Source of the folds.
        height: Rows in pixels.
        width: Columns in pixels.
        knot: x and y of the knot in unit coordinates.

    Returns:
        Float32 of shape (height, width), about -1 (dark) to 1 (lit).
    """
    x, y = np.meshgrid(
        np.arange(width, dtype=np.float32) / width - np.float32(knot[0]),
        np.arange(height, dtype=np.float32) / height - np.float32(knot[1]),
    )
    radius, angle = cv2.cartToPolar(x, y)
    fan = clouds(rng, 48, 256, 9, 3, 1.6)
    # the seam of the angle lies above the knot, where there is little film
    turn = np.asarray((angle / (2 * np.pi) + 0.25) % 1 * 255, np.float32)
    reach = np.asarray(np.minimum(radius * 42, 47), np.float32)
    return cv2.remap(fan, turn, reach, cv2.INTER_LINEAR)
