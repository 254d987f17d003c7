"""Packing with the probabilities of soft labels."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.registry import TRANSFORMS

from .fast_pack_seg_inputs import FastPackSegInputs
from .load_soft_labels import PREFIX


@TRANSFORMS.register_module()
class PackSoftLabels(FastPackSegInputs):
    """Pack as the parent, and the maps of ``LoadSoftLabels`` as ``gt_probs``.

    ``gt_probs.data`` is (C, h, w) uint8, 255 for the probability 1; pixels without soft
    label are 0 in all classes. Samples without such maps have no ``gt_probs``.
    Arguments are the parent's.
    """

    def transform(self, results: dict) -> dict:
        """Pack a sample, see the parent."""
        packed = super().transform(results)
        keys = [key for key in results.get('seg_fields', ()) if key.startswith(PREFIX)]
        if keys:
            probs = np.stack([results[f'{PREFIX}{n}'] for n in range(len(keys))])
            packed['data_samples'].gt_probs = PixelData(data=torch.from_numpy(probs))
        return packed
