"""Random crop that counts classes only as far as the decision needs it."""

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmseg.datasets.transforms import RandomCrop
from mmseg.registry import TRANSFORMS

from .class_cover import CoverTest


@TRANSFORMS.register_module()
class FastRandomCrop(RandomCrop):
    """Crop image and label map at random, without sorting the labels of each try.

    Differs from its parent in speed alone: from the same state of ``np.random`` it
    returns the same crop and leaves the same state. The parent sorts all pixels of up
    to ten candidate crops; here one class is counted (see :class:`CoverTest`).

    Args:
        crop_size: Height and width of the crop in pixels, or one number for both. An
            image that is smaller is returned whole along that side.
        cat_max_ratio: A crop in which one class covers this share of the pixels or
            more is drawn again, up to ten times. 1 switches the test off.
        ignore_index: Label that neither counts as a class nor as a pixel.

    Raises:
        ValueError: If a side is below 1 or the ratio is outside (0, 1].
    """

    def __init__(
        self,
        crop_size: int | tuple[int, int],
        cat_max_ratio: float = 1.0,
        ignore_index: int = 255,
    ) -> None:
        size = (crop_size,) * 2 if isinstance(crop_size, int) else tuple(crop_size)
        if len(size) != 2 or not all(isinstance(n, int) and n > 0 for n in size):
            raise ValueError(
                f'crop_size must be one or two positive integers, got {crop_size!r}'
            )
        if not 0 < cat_max_ratio <= 1:
            raise ValueError(f'cat_max_ratio must be in (0, 1], got {cat_max_ratio}')
        super().__init__(size, cat_max_ratio, ignore_index)

    @cache_randomness
    def crop_bbox(self, results: dict) -> tuple[int, int, int, int]:
        """Draw the box of the crop.

        Args:
            results: Needs ``img`` and, for a ratio below 1, ``gt_seg_map`` of the same
                height and width.

        Returns:
            ``(y1, y2, x1, x2)`` in pixels; may reach beyond a small image.
        """
        height, width = results['img'].shape[:2]
        box = self._draw_box(height, width)
        if self.cat_max_ratio < 1:
            cover = CoverTest(
                results['gt_seg_map'], self.cat_max_ratio, self.ignore_index
            )
            for _ in range(10):
                if cover.is_varied(*box):
                    break
                box = self._draw_box(height, width)
        return box

    def _draw_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw a box, in the parent's order of draws."""
        crop_height, crop_width = self.crop_size
        y = np.random.randint(0, max(height - crop_height, 0) + 1)
        x = np.random.randint(0, max(width - crop_width, 0) + 1)
        return y, y + crop_height, x, x + crop_width
