"""The drawing board of the toy objects: patches, a painter and turned bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

Colour = Sequence[Any] | np.ndarray
Points = np.ndarray | Sequence[Any]
SHIFT = 4


@dataclass
class Patch:
    """One drawn object, upright, before it is placed in a scene.

    Attributes:
        rgb: Uint8 (H, W, 3), defined beyond the outline too.
        alpha: Uint8 (H, W), 255 inside: the outline, which is what gets labelled.
        opacity: How much the object hides what lies under it, 0 to 1; a float or
            float32 (H, W).
        height: How far its shadow falls, relative to its size.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    opacity: float | np.ndarray = 1.0
    height: float = 0.05


class Painter:
    """Paint on an RGB board in unit coordinates (x and y from 0 to 1).

    The board is kept in planes, since arithmetic on interleaved pixels is slow.

    Args:
        height: Rows in pixels.
        width: Columns in pixels.
        colour: RGB, 0 to 255, of the whole board at first.
    """

    def __init__(self, height: int, width: int, colour: Colour) -> None:
        self.height, self.width = height, width
        self.planes = np.empty((3, height, width), np.float32)
        self.planes[:] = np.asarray(colour, np.float32)[:, None, None]

    @property
    def rgb(self) -> np.ndarray:
        """Uint8 (H, W, 3): what has been painted so far."""
        return np.ascontiguousarray(
            np.clip(self.planes, 0, 255).astype(np.uint8).transpose(1, 2, 0)
        )

    def pixels(self, points: Points) -> np.ndarray:
        """Turn unit coordinates (..., 2) into pixels."""
        return np.asarray(points, np.float64) * (self.width, self.height)

    def blend(self, alpha: np.ndarray, colour: Colour) -> None:
        """Lay a colour over the board by ``alpha`` (H, W)."""
        for plane, value in zip(self.planes, colour):
            plane += (np.float32(value) - plane) * alpha

    def _blend_box(
        self, pixels: np.ndarray, colour: Colour, opacity: float, thickness: float
    ) -> None:
        """Blend polygons (K, N, 2), or polylines if ``thickness``, in their box."""
        margin = thickness + 2
        x0, y0 = np.maximum(np.floor(pixels.min((0, 1)) - margin), 0).astype(int)
        x1, y1 = np.ceil(pixels.max((0, 1)) + margin).astype(int)
        x1, y1 = min(x1, self.width), min(y1, self.height)
        if x0 >= x1 or y0 >= y1:
            return
        board = np.zeros((y1 - y0, x1 - x0), np.uint8)
        fixed = list(np.round((pixels - (x0, y0)) * (1 << SHIFT)).astype(np.int32))
        if thickness:
            width = max(1, round(thickness))
            cv2.polylines(board, fixed, False, 255, width, cv2.LINE_AA, SHIFT)
            opacity *= min(1.0, thickness)
        else:
            cv2.fillPoly(board, fixed, 255, cv2.LINE_AA, SHIFT)
        alpha = board * np.float32(opacity / 255)
        for plane, value in zip(self.planes[:, y0:y1, x0:x1], colour):
            plane += (np.float32(value) - plane) * alpha

    def fill(self, points: Points, colour: Colour, opacity: float = 1.0) -> None:
        """Fill a polygon (N, 2), or several disjoint ones (K, N, 2)."""
        pixels = self.pixels(points)
        self._blend_box(pixels.reshape(-1, *pixels.shape[-2:]), colour, opacity, 0)

    def line(
        self, points: Points, colour: Colour, thickness: float, opacity: float = 1.0
    ) -> None:
        """Stroke one polyline (N, 2) or several (K, N, 2).

        ``thickness`` is in units of the longer side.
        """
        pixels = self.pixels(points)
        reach = max(thickness * max(self.height, self.width), 0.3)
        self._blend_box(pixels.reshape(-1, *pixels.shape[-2:]), colour, opacity, reach)

    def shade(self, factor: np.ndarray | float) -> None:
        """Multiply the board by ``factor``, (H, W) or a number."""
        self.planes *= factor

    def light(self, amount: np.ndarray) -> None:
        """Add ``amount`` (H, W), 0 to 255, to all three colours."""
        self.planes += amount

    def alpha(self, *polygons: Points) -> np.ndarray:
        """Unite the areas of polygons given in unit coordinates: uint8 (H, W)."""
        total = np.zeros((self.height, self.width), np.uint8)
        for points in polygons:
            fixed = np.round(self.pixels(points) * (1 << SHIFT)).astype(np.int32)
            cv2.fillPoly(total, [fixed], 255, cv2.LINE_AA, SHIFT)
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
    """Choose one of several RGB colours and vary it.

    The first half of the list is typical and taken four times out of five, the rest are
    surprises: colour hints at the class without giving it away.
    """
    typical = (len(colours) + 1) // 2
    start, stop = (0, typical) if rng.random() < 0.8 else (0, len(colours))
    return jitter(rng, colours[int(rng.integers(start, stop))])
