"""Bodies of revolution seen from the side: bottles, cans, cups, cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass
class Body:
    """The surface coordinates of a turned body on a board of (H, W) pixels.

    Attributes:
        alpha: Uint8 (H, W), 255 inside, its outline.
        u: Float32 (H, W), -1 at the left edge of the body to 1 at its right edge.
        v: Float32 (H, W), 0 to 1 from top to bottom along the curved surface.
    """

    alpha: np.ndarray
    u: np.ndarray
    v: np.ndarray

    def band(self, top: float, bottom: float) -> np.ndarray:
        """Give the alpha (H, W) of the ring between two heights, edges smooth."""
        rows = self.v.shape[0]
        upper = np.clip((self.v - top) * rows + 0.5, 0, 1)
        return upper * np.clip((bottom - self.v) * rows + 0.5, 0, 1)

    def stripe(self, left: float, right: float) -> np.ndarray:
        """Give the alpha (H, W) of the stripe between two ``u``, edges soft."""
        soft = 9.0
        upper = np.clip((self.u - left) * soft + 0.5, 0, 1)
        return upper * np.clip((right - self.u) * soft + 0.5, 0, 1)

    def roundness(self, side: float = -0.25, ambient: float = 0.45) -> np.ndarray:
        """Shade it as lit from ``u = side``: a factor (H, W), 1 where fully lit."""
        gap = (self.u - side) / (1 + abs(side))
        return ambient + (1 - ambient) * np.clip(1 - gap * gap, 0, 1)


def lathe(
    height: int,
    width: int,
    profile: Sequence[tuple[float, float]],
    bulge: float = 0.03,
    smooth: float = 0.012,
) -> Body:
    """Turn a profile around the vertical axis in the middle of the board.

    Args:
        height: Rows in pixels.
        width: Columns in pixels.
        profile: (y, radius) from top to bottom; y from 0 to 1 of the height, radius
            from 0 to 0.5 of the width.
        bulge: How far rings sag in their middle, in heights, as seen from above.
        smooth: How much the profile's corners are rounded, in heights.

    Returns:
        The body's outline and surface coordinates.
    """
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    knots = np.asarray(profile, np.float64)
    radius: np.ndarray = np.interp(y, knots[:, 0], knots[:, 1])[:, None]
    sigma = max(smooth * height, 0.3)
    radius = cv2.GaussianBlur(radius.astype(np.float32), (1, 0), 0.01, sigmaY=sigma)
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
    u = np.clip(x / np.maximum(radius, 1e-3), -1.2, 1.2)
    sag = bulge * np.sqrt(np.clip(1 - u * u, 0, 1))
    rows = y[:, None]
    v = rows - sag
    alpha = np.clip((radius - np.abs(x)) * width + 0.5, 0, 1)
    alpha *= np.clip((rows + sag - knots[0, 0] - bulge) * height + 0.5, 0, 1)
    alpha *= np.clip((knots[-1, 0] - bulge - v) * height + 0.5, 0, 1)
    alpha = (alpha * 255).astype(np.uint8)
    return Body(alpha, u.astype(np.float32), v.astype(np.float32))
