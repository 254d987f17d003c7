"""Turn and scale a patch, and slide it to where it lies in a scene."""

from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import Patch


@dataclass
class Placed:
    """A patch turned and scaled; the arrays cover ``box`` of the scene only."""

    box: tuple[slice, slice]
    rgb: np.ndarray
    alpha: np.ndarray
    opacity: np.ndarray | float
    reach: float
    height: float

    @property
    def inside(self) -> np.ndarray:
        """Bool (H, W): the pixels that get the label."""
        return self.alpha > 127

    @property
    def cover(self) -> np.ndarray:
        """Float32 (H, W), 0 to 1: how much of what lies under it is hidden."""
        return self.alpha * (self.opacity * np.float32(1 / 255))


def turn(patch: Patch, reach: float, angle: float) -> Placed:
    """Turn and scale a patch.

    Args:
        patch: What to lay.
        reach: Its longer side in pixels.
        angle: Degrees.

    Returns:
        The patch with its upper left corner at 0, 0.
    """
    rows, columns = patch.alpha.shape
    matrix = cv2.getRotationMatrix2D(
        (columns / 2, rows / 2), angle, reach / max(rows, columns)
    )
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float64)
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    low = np.floor(corners.min(0))
    width, height = (int(value) for value in np.ceil(corners.max(0) - low))
    matrix[:, 2] -= low
    rgb = cv2.warpAffine(
        patch.rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
    )
    alpha = cv2.warpAffine(patch.alpha, matrix, (width, height))
    opacity: np.ndarray | float = patch.opacity
    if isinstance(opacity, np.ndarray):
        opacity = cv2.warpAffine(
            opacity, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    box = (slice(0, height), slice(0, width))
    return Placed(box, rgb, alpha, opacity, reach, patch.height)


def slide(turned: Placed, x: float, y: float, size: int) -> Placed | None:
    """Move a turned patch's centre to a pixel; None when it leaves the image."""
    height, width = turned.alpha.shape
    top, left = round(y - height / 2), round(x - width / 2)
    y0, y1 = max(top, 0), min(top + height, size)
    x0, x1 = max(left, 0), min(left + width, size)
    if y1 - y0 < 2 or x1 - x0 < 2:
        return None
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    opacity = turned.opacity
    return Placed(
        (slice(y0, y1), slice(x0, x1)),
        turned.rgb[cut],
        turned.alpha[cut],
        opacity[cut] if isinstance(opacity, np.ndarray) else opacity,
        turned.reach,
        turned.height,
    )
