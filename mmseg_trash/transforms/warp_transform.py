"""What the transforms that move pixels about share."""

from abc import abstractmethod

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ..metainfo import IGNORE_INDEX


class WarpTransform(BaseTransform):
    """Take every pixel of image and label maps from another place.

    Colours are interpolated linearly; labels are those of the nearest pixel, so that
    none is made up. What lies beyond the image has the colour ``pad_val`` and is
    ignored.

    Args:
        prob: Probability that a sample is warped.
        pad_val: Colour beyond the image, one number or BGR.
        ignore_index: Label beyond the image.

    Raises:
        ValueError: If ``prob`` is outside [0, 1].
    """

    def __init__(
        self,
        prob: float,
        pad_val: float | tuple[float, float, float] = 0,
        ignore_index: int = IGNORE_INDEX,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        self.prob = prob
        if isinstance(pad_val, (int, float)):
            pad_val = (pad_val, pad_val, pad_val)
        self.pad_val = pad_val
        self.ignore_index = ignore_index

    @abstractmethod
    def draw_map(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw where pixels come from.

        Returns:
            x and y in pixels of the source, float32, (height, width) each.
        """

    @cache_randomness
    def draw(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Draw whether to warp and how; None leaves the sample alone."""
        if np.random.random() >= self.prob:
            return None
        return self.draw_map(height, width)

    def transform(self, results: dict) -> dict:
        """Warp ``img`` and the label maps named in ``seg_fields``."""
        source = self.draw(*results['img'].shape[:2])
        if source is None:
            return results
        x, y = source
        results['img'] = cv2.remap(
            results['img'],
            x,
            y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=self.pad_val,
        )
        for key in results.get('seg_fields', []):
            results[key] = cv2.remap(
                results[key],
                x,
                y,
                cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=self.ignore_index,
            )
        return results
