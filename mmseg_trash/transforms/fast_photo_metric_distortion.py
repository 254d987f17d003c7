"""Photometric distortion without a float image."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmseg.datasets.transforms import PhotoMetricDistortion
from mmseg.registry import TRANSFORMS
from numpy import random

RAMP = np.arange(256, dtype=np.uint8)
RAMP_IMAGE = np.repeat(RAMP, 3).reshape(1, 256, 3)
HUES = 180
"""Hue values of OpenCV's uint8 HSV: two degrees each."""
MARGIN = 5e-5
"""In grey levels: above the rounding errors of float32 at 255."""


@TRANSFORMS.register_module()
class FastPhotoMetricDistortion(PhotoMetricDistortion):
    """Change brightness, contrast, saturation and hue at random.

    Draws what its parent draws, from the same state of ``np.random``, and returns the
    same uint8 image, with one exception. The parent makes float32 images for every
    change; here uint8 images are mapped, either by a vectorised multiplication or,
    where that would round differently for any of the 256 possible values, by a lookup
    table. The exception: where saturation and hue both change (a quarter of the
    samples), the parent returns to BGR in between and rounds once more. Here both are
    done in one visit to HSV; the colours differ by .3 grey levels in the mean and by 5
    at most (defaults, photographs).

    Args:
        brightness_delta: Largest change of brightness, in grey levels.
        contrast_range: Smallest and largest factor of contrast.
        saturation_range: Smallest and largest factor of saturation.
        hue_delta: Largest turn of the hue, in steps of two degrees.

    Raises:
        ValueError: If a delta is negative, or a range is negative or reversed.
    """

    def __init__(
        self,
        brightness_delta: int = 32,
        contrast_range: tuple[float, float] = (0.5, 1.5),
        saturation_range: tuple[float, float] = (0.5, 1.5),
        hue_delta: int = 18,
    ) -> None:
        if brightness_delta < 0:
            raise ValueError(
                f'brightness_delta must not be negative, got {brightness_delta}'
            )
        if not 0 <= hue_delta <= HUES // 2:
            raise ValueError(f'hue_delta must be in [0, {HUES // 2}], got {hue_delta}')
        for name, (low, high) in (
            ('contrast_range', contrast_range),
            ('saturation_range', saturation_range),
        ):
            if not 0 <= low <= high:
                raise ValueError(
                    f'{name} must be 0 <= low <= high, got ({low}, {high})'
                )
        super().__init__(brightness_delta, contrast_range, saturation_range, hue_delta)

    @cache_randomness
    def draw(self) -> dict[str, float | None]:
        """Draw the changes, in the parent's order of draws.

        Returns:
            ``brightness`` (added), ``early_contrast``, ``saturation``,
            ``late_contrast`` (factors) and ``hue`` (steps); None is no change.
        """
        plan: dict[str, float | None] = dict.fromkeys(
            ('brightness', 'early_contrast', 'saturation', 'hue', 'late_contrast')
        )
        if random.randint(2):
            plan['brightness'] = random.uniform(
                -self.brightness_delta, self.brightness_delta
            )
        early = random.randint(2) == 1
        if early and random.randint(2):
            plan['early_contrast'] = self._draw_contrast()
        if random.randint(2):
            plan['saturation'] = random.uniform(
                self.saturation_lower, self.saturation_upper
            )
        if random.randint(2):
            # the parent fails on a delta of 0
            delta = self.hue_delta
            plan['hue'] = random.randint(-delta, delta) if delta else 0
        if not early and random.randint(2):
            plan['late_contrast'] = self._draw_contrast()
        return plan

    def _draw_contrast(self) -> float:
        return random.uniform(self.contrast_lower, self.contrast_upper)

    def transform(self, results: dict) -> dict:
        """Change ``img`` (uint8, (H, W, 3), BGR); a new array unless nothing changes.

        Raises:
            TypeError: If the image is not uint8.
        """
        img = results['img']
        if img.dtype != np.uint8:
            raise TypeError(f'the image must be uint8 for lookup tables: {img.dtype}')
        plan = self.draw()
        if plan['brightness'] is not None:
            img = self._convert_fast(img, beta=plan['brightness'])
        if plan['early_contrast'] is not None:
            img = self._convert_fast(img, alpha=plan['early_contrast'])
        if plan['saturation'] is not None or plan['hue'] is not None:
            hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV)
            if plan['saturation'] is not None:
                hsv = self._convert_fast(hsv, alpha=plan['saturation'], channels=[1])
            if plan['hue'] is not None:
                turned = (RAMP.astype(int) + plan['hue']) % HUES
                hue = cv2.LUT(cv2.extractChannel(hsv, 0), turned.astype(np.uint8))
                cv2.insertChannel(hue, hsv, 0)
            img = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR, dst=hsv)
        if plan['late_contrast'] is not None:
            img = self._convert_fast(img, alpha=plan['late_contrast'])
        results['img'] = img
        return results

    def _convert_fast(
        self,
        img: np.ndarray,
        alpha: float = 1,
        beta: float = 0,
        channels: Sequence[int] = (0, 1, 2),
    ) -> np.ndarray:
        """Return what the parent's ``convert`` makes of some channels.

        ``cv2.transform`` does it three times as fast as a lookup, but rounds where the
        parent truncates. Half a level less is the same unless a value lies next to a
        whole number: that is tried on all 256 values first.
        """
        table = RAMP_IMAGE.copy()
        table[..., channels] = self.convert(RAMP, alpha, beta)[:, None]
        matrix = np.eye(3, 4)
        matrix[channels, channels] = alpha
        matrix[channels, 3] = beta - 0.5 + MARGIN
        if np.array_equal(cv2.transform(RAMP_IMAGE, matrix), table):
            return cv2.transform(img, matrix)
        return cv2.LUT(img, table)
