"""Turn and scale a patch to where it lies in a scene."""

from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import Patch


@dataclass
class Placed:
    """A patch turned and scaled to where it lies; arrays cover ``box`` only."""

    box: tuple[slice, slice]
    rgb: np.ndarray
    alpha: np.ndarray
    opacity: np.ndarray
    reach: float
    height: float

    @property
    def inside(self) -> np.ndarray:
        """Bool (H, W): the pixels that get the label."""
        return self.alpha > 0.5


def warp(
    patch: Patch, centre: tuple[float, float], reach: float, angle: float, size: int
) -> Placed | None:
    """Turn and scale a patch; None when it falls outside the image."""
    rows, columns = patch.alpha.shape
    scale = reach / max(rows, columns)
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, scale)
    matrix[:, 2] += np.array(centre) - (columns / 2, rows / 2)
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float64)
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = np.maximum(np.floor(corners.min(0)), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(corners.max(0)), size).astype(int)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    matrix[:, 2] -= (x0, y0)
    target = (int(x1 - x0), int(y1 - y0))
    rgb = cv2.warpAffine(
        patch.rgb,
        matrix,
        target,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    alpha = cv2.warpAffine(patch.alpha, matrix, target, flags=cv2.INTER_LINEAR)
    if isinstance(patch.opacity, np.ndarray):
        opacity = cv2.warpAffine(
            patch.opacity,
            matrix,
            target,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    else:
        opacity = np.full(alpha.shape, patch.opacity, np.float32)
    box = (slice(int(y0), int(y1)), slice(int(x0), int(x1)))
    return Placed(box, rgb, alpha, opacity, reach, patch.height)
