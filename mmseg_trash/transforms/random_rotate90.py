"""RandomRotate90: quarter turns."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS

TURNS = {
    1: cv2.ROTATE_90_COUNTERCLOCKWISE,
    2: cv2.ROTATE_180,
    3: cv2.ROTATE_90_CLOCKWISE,
}


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Turn image and label maps by a random number of right angles.

    Nothing is interpolated. Height and width change places after an odd number, and so
    do the two of ``scale_factor``.

    Args:
        prob: Probability of a draw among 0, 1, 2 and 3 quarter turns, all as likely.

    Raises:
        ValueError: If ``prob`` is outside [0, 1].
    """

    def __init__(self, prob: float = 1.0) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        self.prob = prob

    @cache_randomness
    def draw(self) -> int:
        """Draw the number of quarter turns, counter-clockwise."""
        return int(np.random.randint(4)) if np.random.random() < self.prob else 0

    def transform(self, results: dict) -> dict:
        """Turn ``img`` and the label maps named in ``seg_fields``."""
        turns = self.draw()
        if turns == 0:
            return results
        for key in ('img', *results.get('seg_fields', [])):
            results[key] = cv2.rotate(results[key], TURNS[turns])
        results['img_shape'] = results['img'].shape[:2]
        if turns % 2 and 'scale_factor' in results:
            results['scale_factor'] = tuple(results['scale_factor'])[::-1]
        return results
