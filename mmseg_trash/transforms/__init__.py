"""Transforms: stock-equal fast ones, and mixing with donors of the data set."""

from .class_mix import ClassMix
from .copy_paste import CopyPaste
from .fast_pack_seg_inputs import FastPackSegInputs
from .fast_photo_metric_distortion import FastPhotoMetricDistortion
from .fast_random_crop import FastRandomCrop
from .fast_random_flip import FastRandomFlip
from .fast_resize import FastResize
from .fast_resize_crop import FastResizeCrop
from .load_label_map import LoadLabelMap
from .load_trash_image import LoadTrashImage

__all__ = [
    'ClassMix',
    'CopyPaste',
    'FastPackSegInputs',
    'FastPhotoMetricDistortion',
    'FastRandomCrop',
    'FastRandomFlip',
    'FastResize',
    'FastResizeCrop',
    'LoadLabelMap',
    'LoadTrashImage',
]
