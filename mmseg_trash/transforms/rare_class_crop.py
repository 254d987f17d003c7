"""RareClassCrop: a share of the crops centred on a foreground class."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS

from ..metainfo import CLASSES
from .class_weights import ClassWeights, check_weights, resolve_weights
from .fast_resize_crop import FastResizeCrop


@TRANSFORMS.register_module()
class RareClassCrop(FastResizeCrop):
    """Resize at random; centre a third of the crops on a class that is present.

    After nnU-Net (Isensee et al., Nature Methods 2021): one of the foreground classes
    of the image is drawn, evenly or by weight, then one of its pixels. The crop lies
    around it as far as the image reaches, and is not drawn again for
    ``cat_max_ratio``. All other crops, and those of images that are all background, are
    drawn as :class:`FastResizeCrop` does.

    Args:
        scale: As for :class:`FastResizeCrop`.
        crop_size: As for :class:`FastResizeCrop`.
        foreground_prob: Probability that a crop is centred.
        class_weights: By class name or label (classes left out: 1), or one per label;
            0 is never a centre. None is 1 for all. Background is 0 unless it is named.
        kwargs: As for :class:`FastResizeCrop`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        scale: tuple[int, int],
        crop_size: int | tuple[int, int],
        foreground_prob: float = 1 / 3,
        class_weights: ClassWeights | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, crop_size, **kwargs)
        if not 0 <= foreground_prob <= 1:
            raise ValueError(
                f'foreground_prob must be in [0, 1], got {foreground_prob}'
            )
        check_weights(class_weights)
        self.foreground_prob = foreground_prob
        self.class_weights = class_weights

    @cache_randomness
    def crop_bbox(self, results: dict) -> tuple[int, int, int, int]:
        """Draw the box of the crop; see :class:`FastRandomCrop`."""
        if np.random.random() < self.foreground_prob:
            pixel = self._draw_pixel(results)
            if pixel is not None:
                return self._box_around(pixel, results['img'].shape)
        return super().crop_bbox(results)

    def _draw_pixel(self, results: dict) -> tuple[int, int] | None:
        """Draw a pixel (y, x) of a foreground class; None if there is none."""
        label = results['gt_seg_map']
        weights = self._weights(results)
        if label.dtype == np.uint8:
            counts = cv2.calcHist([label], [0], None, [256], [0, 256]).ravel()
        else:
            counts = np.bincount(label.ravel(), minlength=256)
        likely = np.where(counts[: len(weights)] > 0, weights, 0)
        if not likely.any():
            return None
        drawn = np.random.choice(len(likely), p=likely / likely.sum())
        places = np.flatnonzero(label.ravel() == drawn)
        y, x = divmod(int(places[np.random.randint(len(places))]), label.shape[1])
        return y, x

    def _weights(self, results: dict) -> np.ndarray:
        """Return the weights of the labels; without a data set, of the usual ones."""
        dataset = results.get('dataset')
        names = CLASSES if dataset is None else dataset.metainfo['classes']
        weights = resolve_weights(self.class_weights, names)
        named = self.class_weights or {}
        if CLASSES[0] in names and isinstance(named, Mapping):
            background = list(names).index(CLASSES[0])
            if not {CLASSES[0], background} & set(named):
                weights[background] = 0
        if 0 <= self.ignore_index < len(weights):
            weights[self.ignore_index] = 0
        return weights

    def _box_around(
        self, pixel: tuple[int, int], shape: tuple[int, ...]
    ) -> tuple[int, int, int, int]:
        """Return the box around a pixel, moved into the image."""
        box = []
        for place, length, side in zip(pixel, shape, self.crop_size):
            start = min(max(place - side // 2, 0), max(length - side, 0))
            box += [start, start + side]
        return box[0], box[1], box[2], box[3]
