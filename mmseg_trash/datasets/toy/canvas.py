"""The drawing board of the toy objects: patches, a painter and turned bodies."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Colour = Sequence[float] | np.ndarray
SHIFT = 4


@dataclass
class Patch:
    """One drawn object, upright, before it is placed in a scene.

    Attributes:
        rgb: Float32 (H, W, 3), 0 to 255, defined beyond the outline too.
        alpha: Float32 (H, W), 0 to 1: the outline, which is what gets labelled.
        opacity: How much the object hides what lies under it, 0 to 1; a float or
            float32 (H, W).
        height: How far its shadow falls, relative to its size.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    opacity: float | np.ndarray = 1.0
    height: float = 0.05


def polygon_alpha(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fill polygons with smooth edges.

    Args:
        points: (N, 2) x, y in pixels.
        height: Rows in pixels.
        width: Columns in pixels.

    Returns:
        Float32 (height, width), 0 to 1.
    """
    board = np.zeros((height, width), np.uint8)
    fixed = np.round(np.asarray(points) * (1 << SHIFT)).astype(np.int32)
    cv2.fillPoly(board, [fixed], 255, cv2.LINE_AA, SHIFT)
    return board.astype(np.float32) / 255


class Painter:
    """Paint on a float32 RGB board in unit coordinates (x and y from 0 to 1).

    Args:
        height: Rows in pixels.
        width: Columns in pixels.
        colour: RGB, 0 to 255, of the whole board at first.
    """

    def __init__(self, height: int, width: int, colour: Colour) -> None:
        self.height, self.width = height, width
        self.rgb = np.empty((height, width, 3), np.float32)
        self.rgb[:] = np.asarray(colour, np.float32)

    def pixels(self, points: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Turn unit coordinates (N, 2) into pixels."""
        return np.asarray(points, np.float64) * (self.width, self.height)

    def blend(self, alpha: np.ndarray, colour: Colour | np.ndarray) -> None:
        """Lay a colour (RGB or an (H, W, 3) array) over the board by ``alpha``."""
        self.rgb += (np.asarray(colour, np.float32) - self.rgb) * alpha[..., None]

    def _blend_box(
        self, pixels: np.ndarray, colour: Colour, opacity: float, thickness: float
    ) -> None:
        margin = thickness + 2
        x0, y0 = np.maximum(np.floor(pixels.min(0) - margin), 0).astype(int)
        x1, y1 = np.ceil(pixels.max(0) + margin).astype(int)
        x1, y1 = min(x1, self.width), min(y1, self.height)
        if x0 >= x1 or y0 >= y1:
            return
        board = np.zeros((y1 - y0, x1 - x0), np.uint8)
        fixed = np.round((pixels - (x0, y0)) * (1 << SHIFT)).astype(np.int32)
        if thickness:
            width = max(1, round(thickness))
            cv2.polylines(board, [fixed], False, 255, width, cv2.LINE_AA, SHIFT)
            opacity *= min(1.0, thickness)
        else:
            cv2.fillPoly(board, [fixed], 255, cv2.LINE_AA, SHIFT)
        region = self.rgb[y0:y1, x0:x1]
        alpha = board.astype(np.float32)[..., None] * np.float32(opacity / 255)
        region += (np.asarray(colour, np.float32) - region) * alpha

    def fill(
        self,
        points: np.ndarray | Sequence[Sequence[float]],
        colour: Colour,
        opacity: float = 1.0,
    ) -> None:
        """Fill a polygon given in unit coordinates."""
        self._blend_box(self.pixels(points), colour, opacity, 0)

    def line(
        self,
        points: np.ndarray | Sequence[Sequence[float]],
        colour: Colour,
        thickness: float,
        opacity: float = 1.0,
    ) -> None:
        """Stroke a polyline; ``thickness`` in units of the longer side."""
        pixels = self.pixels(points)
        reach = thickness * max(self.height, self.width)
        self._blend_box(pixels, colour, opacity, max(reach, 0.3))

    def shade(self, factor: np.ndarray | float) -> None:
        """Multiply the board by ``factor`` (H, W)."""
        self.rgb *= factor[..., None] if isinstance(factor, np.ndarray) else factor

    def alpha(self, *polygons: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Unite the areas of polygons given in unit coordinates."""
        total = np.zeros((self.height, self.width), np.float32)
        for points in polygons:
            area = polygon_alpha(self.pixels(points), self.height, self.width)
            np.maximum(total, area, out=total)
        return total


def circle(
    x: float, y: float, rx: float, ry: float | None = None, count: int = 40
) -> np.ndarray:
    """Give the (count, 2) points of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + (ry or rx) * np.sin(angle)], 1)


def blob(
    rng: np.random.Generator, wobble: float, harmonics: int = 7, count: int = 90
) -> np.ndarray:
    """Give the points of a closed wavy outline that fits the unit square.

    Args:
        rng: Source of the waves.
        wobble: Size of the waves relative to the radius.
        harmonics: Number of waves summed; more make it more ragged.
        count: Number of points.

    Returns:
        Float64 (count, 2) within 0.02 and 0.98.
    """
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = np.ones(count)
    for order in range(2, harmonics + 2):
        size = wobble * rng.normal() / order**0.8
        radius += size * np.cos(order * angle + rng.uniform(0, 6.3))
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * radius.clip(0.3)[:, None]
    low, high = points.min(0), points.max(0)
    return 0.02 + 0.96 * (points - low) / (high - low)


def rounded(
    x0: float, y0: float, x1: float, y1: float, radius: float, aspect: float = 1.0
) -> np.ndarray:
    """Give the points of a rectangle with round corners (``aspect`` is W / H)."""
    angle = np.linspace(0, np.pi / 2, 6)
    rx, ry = radius, radius * aspect
    corners = (
        (x1 - rx, y1 - ry, 0),
        (x0 + rx, y1 - ry, 1),
        (x0 + rx, y0 + ry, 2),
        (x1 - rx, y0 + ry, 3),
    )
    return np.concatenate(
        [
            np.stack(
                [
                    cx + rx * np.cos(angle + turn * np.pi / 2),
                    cy + ry * np.sin(angle + turn * np.pi / 2),
                ],
                1,
            )
            for cx, cy, turn in corners
        ]
    )


def jitter(rng: np.random.Generator, colour: Colour, spread: float = 12) -> np.ndarray:
    """Vary an RGB colour a little."""
    base = np.asarray(colour, np.float32) + rng.normal(0, spread * 0.6)
    return np.clip(base + rng.normal(0, spread * 0.5, 3), 3, 252).astype(np.float32)


def pick(rng: np.random.Generator, colours: Sequence[Colour]) -> np.ndarray:
    """Choose one of several RGB colours and vary it."""
    return jitter(rng, colours[rng.integers(len(colours))])
