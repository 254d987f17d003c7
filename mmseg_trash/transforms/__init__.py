"""Transforms: stock-equal fast ones, mixing with donors, distortions."""

from .albumentations import Albumentations
from .aug_mix import AugMix
from .class_mix import ClassMix
from .copy_paste import CopyPaste
from .cut_mix import CutMix
from .elastic_distortion import ElasticDistortion
from .fast_pack_seg_inputs import FastPackSegInputs
from .fast_photo_metric_distortion import FastPhotoMetricDistortion
from .fast_random_crop import FastRandomCrop
from .fast_random_flip import FastRandomFlip
from .fast_resize import FastResize
from .fast_resize_crop import FastResizeCrop
from .grid_distortion import GridDistortion
from .load_label_map import LoadLabelMap
from .load_soft_labels import LoadSoftLabels
from .load_trash_image import LoadTrashImage
from .mosaic import Mosaic
from .object_bank_paste import ObjectBankPaste
from .pack_soft_labels import PackSoftLabels
from .random_rotate90 import RandomRotate90
from .rare_class_crop import RareClassCrop

__all__ = [
    'Albumentations',
    'AugMix',
    'ClassMix',
    'CopyPaste',
    'CutMix',
    'ElasticDistortion',
    'FastPackSegInputs',
    'FastPhotoMetricDistortion',
    'FastRandomCrop',
    'FastRandomFlip',
    'FastResize',
    'FastResizeCrop',
    'GridDistortion',
    'LoadLabelMap',
    'LoadSoftLabels',
    'LoadTrashImage',
    'Mosaic',
    'ObjectBankPaste',
    'PackSoftLabels',
    'RandomRotate90',
    'RareClassCrop',
]
