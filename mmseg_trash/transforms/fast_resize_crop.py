"""Random resize and random crop in one step."""

from math import ceil

import cv2
import numpy as np
from mmcv.image import rescale_size
from mmcv.transforms import RandomResize
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS

from .fast_random_crop import FastRandomCrop
from .fast_resize import resize_label

TOLERANCE = 1 / 128
"""Largest shift of the resized part against the resized whole, in source pixels."""


@TRANSFORMS.register_module()
class FastResizeCrop(FastRandomCrop):
    """Resize at random and crop at random, resizing only what the crop shows.

    Does what ``RandomResize`` and ``RandomCrop`` do one after the other, with the same
    draws. Label maps are the same. The image is resized from the crop's part of the
    source alone, which lies on the grid of the full resize up to 1/128 of a source
    pixel: colours differ by rounding (by more than one level only at hard edges).

    Args:
        scale: Width and height that ``ratio_range`` multiplies.
        crop_size: As for :class:`FastRandomCrop`.
        ratio_range: Smallest and largest factor.
        keep_ratio: Whether ``scale`` is a limit (longer and shorter side, in either
            order) that keeps the aspect ratio, or the exact size.
        cat_max_ratio: As for :class:`FastRandomCrop`.
        ignore_index: As for :class:`FastRandomCrop`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        scale: tuple[int, int],
        crop_size: int | tuple[int, int],
        ratio_range: tuple[float, float] = (0.5, 2.0),
        keep_ratio: bool = True,
        cat_max_ratio: float = 1.0,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(crop_size, cat_max_ratio, ignore_index)
        if len(scale) != 2 or min(scale) < 1:
            raise ValueError(f'scale must be two positive integers, got {scale}')
        if not 0 < ratio_range[0] <= ratio_range[1]:
            raise ValueError(f'ratio_range must be 0 < low <= high, got {ratio_range}')
        self.scale = tuple(scale)
        self.ratio_range = tuple(ratio_range)
        self.keep_ratio = keep_ratio

    @cache_randomness
    def draw_scale(self) -> tuple[int, int]:
        """Draw the scale, as ``RandomResize`` does."""
        return RandomResize._random_sample_ratio(self.scale, self.ratio_range)

    def transform(self, results: dict) -> dict:
        """Resize and crop ``img`` and the label maps named in ``seg_fields``."""
        img = results['img']
        height, width = img.shape[:2]
        scale = self.draw_scale()
        size = rescale_size((width, height), scale) if self.keep_ratio else scale
        for key in results.get('seg_fields', []):
            results[key] = resize_label(results[key], *size)
        # the parent asks for the size of the image alone
        whole = np.broadcast_to(np.uint8(0), (size[1], size[0]))
        box = self.crop_bbox(dict(results, img=whole))
        for key in results.get('seg_fields', []):
            results[key] = self.crop(results[key], box)
        results['img'] = resize_part(img, size, box)
        results['img_shape'] = results['img'].shape[:2]
        results['scale'] = scale
        results['scale_factor'] = (size[0] / width, size[1] / height)
        results['keep_ratio'] = self.keep_ratio
        return results


def resize_part(
    img: np.ndarray, size: tuple[int, int], box: tuple[int, int, int, int]
) -> np.ndarray:
    """Resize an image by linear interpolation and crop it, at the cost of the crop.

    Args:
        img: (H, W, 3).
        size: Width and height of the whole image after resizing.
        box: ``(y1, y2, x1, x2)`` of the crop; may reach beyond the image.

    Returns:
        The crop, (h, w, 3); a view.
    """
    rows = _source_span(img.shape[0], size[1], box[0], box[1])
    columns = _source_span(img.shape[1], size[0], box[2], box[3])
    part = img[rows[0] : rows[1], columns[0] : columns[1]]
    whole = part.shape == img.shape
    resized = cv2.resize(
        part,
        size if whole else None,
        fx=0 if whole else size[0] / img.shape[1],
        fy=0 if whole else size[1] / img.shape[0],
        interpolation=cv2.INTER_LINEAR,
    )
    y, x = box[0] - rows[2], box[2] - columns[2]
    return resized[y : y + box[1] - box[0], x : x + box[3] - box[2]]


def _source_span(old: int, new: int, start: int, stop: int) -> tuple[int, int, int]:
    """Find the part of a side that a crop of the resized side needs.

    Args:
        old: Length of the side in the source.
        new: Length after resizing.
        start: First pixel of the crop.
        stop: End of the crop.

    Returns:
        Start and end in the source, and the resized pixel where the start lies.
    """
    if start == 0 and stop >= new:
        return 0, old, 0
    step = old / new
    last = min(ceil((stop + 1) * step) + 2, old)
    # resized pixels that look left of the first source pixel
    latest = start - ceil(0.5 / step)
    if latest <= 0:
        return 0, last, 0
    candidates = np.arange(latest, -1, -1)
    positions = candidates * step
    # the shortest part; the whole side always fits
    begin = int(candidates[np.abs(positions - positions.round()) <= TOLERANCE][0])
    return round(begin * step), last, begin
