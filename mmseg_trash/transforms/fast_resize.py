"""Resize with a fast nearest neighbour for label maps."""

import cv2
import numpy as np
from mmcv.image import rescale_size
from mmseg.datasets.transforms import Resize
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class FastResize(Resize):
    """Resize image and label maps; label maps row by row.

    Differs from its parent in speed alone: the same pixels. OpenCV's nearest neighbour
    gathers pixel by pixel; gathering whole rows, twice with a transposition in between,
    is about twice as fast. For ``RandomResize`` it is chosen by
    ``resize_type='FastResize'``. Arguments are the parent's.
    """

    def _resize_seg(self, results: dict) -> None:
        """Resize the label maps named in ``seg_fields`` to ``results['scale']``."""
        for key in results.get('seg_fields', []):
            label = results.get(key)
            if label is not None:
                if self.backend != 'cv2' or label.dtype != np.uint8:
                    super()._resize_seg(results)
                    return
                size = results['scale']
                if self.keep_ratio:
                    size = rescale_size(label.shape[1::-1], size)
                results[key] = resize_label(label, *size)


def resize_label(label: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a label map by nearest neighbour, as ``cv2.INTER_NEAREST`` does.

    Args:
        label: (H, W), uint8.
        width: New width in pixels.
        height: New height in pixels.

    Returns:
        (height, width), a new array.
    """
    rows, columns = (
        np.minimum((np.arange(new) * (1 / (new / old))).astype(np.intp), old - 1)
        for new, old in ((height, label.shape[0]), (width, label.shape[1]))
    )
    if height < label.shape[0]:
        return cv2.transpose(cv2.transpose(label[rows])[columns])
    return cv2.transpose(cv2.transpose(label)[columns])[rows]
