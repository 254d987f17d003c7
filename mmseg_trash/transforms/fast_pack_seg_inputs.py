"""Packing with a fast change of layout."""

import cv2
import numpy as np
import torch
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class FastPackSegInputs(PackSegInputs):
    """Pack image and label map for the model by splitting the channels.

    Differs from its parent in speed alone: the same tensors and meta data. A transposed
    copy reads three bytes apart; OpenCV's split is vectorised. ``meta_keys`` is the
    parent's.
    """

    def transform(self, results: dict) -> dict:
        """Pack ``img`` (uint8, (H, W, 3)) and ``gt_seg_map``.

        Returns:
            ``inputs``, a contiguous uint8 tensor (3, H, W), and ``data_samples``.
        """
        img = results.get('img')
        if img is None or img.ndim != 3 or img.dtype != np.uint8:
            return super().transform(results)
        packed = super().transform({k: v for k, v in results.items() if k != 'img'})
        planes = np.empty((img.shape[2], *img.shape[:2]), np.uint8)
        cv2.split(img, list(planes))
        return dict(inputs=torch.from_numpy(planes), **packed)
