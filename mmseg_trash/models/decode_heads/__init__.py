"""Decode heads, registered in mmseg's ``MODELS``."""

from .atm_head import ATMHead
from .bifpn_seg_head import BiFPNSegHead
from .class_map_head import ClassMapHead
from .eomt_head import EoMTHead
from .hf_mask2_former_head import HFMask2FormerHead
from .k_net_head import KNetHead
from .linear_head import LinearHead
from .mask_dino_head import MaskDINOHead
from .segformer_mlp_head import SegformerMLPHead
from .smp_head import SMPHead
from .steady_light_ham_head import SteadyLightHamHead

__all__ = [
    'ATMHead',
    'BiFPNSegHead',
    'ClassMapHead',
    'EoMTHead',
    'HFMask2FormerHead',
    'KNetHead',
    'LinearHead',
    'MaskDINOHead',
    'SMPHead',
    'SegformerMLPHead',
    'SteadyLightHamHead',
]
