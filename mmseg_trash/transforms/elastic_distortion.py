"""ElasticDistortion: every pixel moved by a smooth random field."""

import cv2
import numpy as np
from mmseg.registry import TRANSFORMS

from ..metainfo import IGNORE_INDEX
from .warp_transform import WarpTransform


@TRANSFORMS.register_module()
class ElasticDistortion(WarpTransform):
    """Move pixels by random numbers that were smoothed and scaled.

    Simard et al., "Best Practices for Convolutional Neural Networks Applied to Visual
    Document Analysis", ICDAR 2003, section 2: for each pixel and axis a number from
    U(-1, 1), smoothed by a Gaussian, times ``alpha``.

    Args:
        prob: Probability that a sample is warped.
        alpha: Factor of the smoothed field, in pixels.
        sigma: Standard deviation of the Gaussian in pixels.
        pad_val: See :class:`WarpTransform`.
        ignore_index: See :class:`WarpTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        alpha: float = 40.0,
        sigma: float = 6.0,
        pad_val: float | tuple[float, float, float] = 0,
        ignore_index: int = IGNORE_INDEX,
    ) -> None:
        super().__init__(prob, pad_val, ignore_index)
        if alpha < 0:
            raise ValueError(f'alpha must not be negative, got {alpha}')
        if sigma <= 0:
            raise ValueError(f'sigma must be positive, got {sigma}')
        self.alpha = alpha
        self.sigma = sigma

    def draw_map(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the field; see :class:`WarpTransform`."""
        noise = np.random.uniform(-1, 1, (height, width, 2)).astype(np.float32)
        size = 2 * int(4 * self.sigma + 0.5) + 1
        field = cv2.GaussianBlur(
            noise, (size, size), self.sigma, borderType=cv2.BORDER_REFLECT
        )
        alpha = np.float32(self.alpha)
        x = field[..., 0] * alpha + np.arange(width, dtype=np.float32)
        y = field[..., 1] * alpha + np.arange(height, dtype=np.float32)[:, None]
        return x, y
