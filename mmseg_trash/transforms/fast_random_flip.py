"""Random flip that returns contiguous arrays."""

import cv2
import numpy as np
from mmseg.datasets.transforms import RandomFlip
from mmseg.registry import TRANSFORMS

CODES = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}


@TRANSFORMS.register_module()
class FastRandomFlip(RandomFlip):
    """Flip image and label maps at random, into contiguous arrays.

    Differs from its parent in speed alone: the same draws, the same pixels. The parent
    returns a view with a negative stride, which every later step reads slowly.
    Arguments are the parent's (``prob``, ``direction``, ``swap_seg_labels``).
    """

    def _flip(self, results: dict) -> None:
        """Flip ``img`` and the label maps named in ``seg_fields``."""
        direction = results['flip_direction']
        results['img'] = cv2.flip(results['img'], CODES[direction])
        if results.get('gt_bboxes') is not None:
            results['gt_bboxes'] = self._flip_bbox(
                results['gt_bboxes'], results['img'].shape[:2], direction
            )
        for key in results.get('seg_fields', []):
            if results.get(key) is not None:
                results[key] = self._flip_seg_map(results[key], direction)
                results['swap_seg_labels'] = self.swap_seg_labels

    def _flip_seg_map(self, seg_map: np.ndarray, direction: str) -> np.ndarray:
        """Flip a label map, (H, W), and swap the labels of ``swap_seg_labels``."""
        flipped = cv2.flip(seg_map, CODES[direction])
        for left, right in self.swap_seg_labels or ():
            was_left, was_right = flipped == left, flipped == right
            flipped[was_left], flipped[was_right] = right, left
        return flipped
