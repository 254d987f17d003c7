"""Hooks of the Runner, registered in mmseg's ``HOOKS``."""

from .cdb_hook import CDBHook
from .class_frequency_hook import ClassFrequencyHook
from .copy_paste_refresh_hook import CopyPasteRefreshHook
from .mask_annealing_hook import MaskAnnealingHook
from .mean_loss_hook import MeanLossHook
from .notify_hook import NotifyHook
from .trial_prune_hook import TrialPruneHook

__all__ = [
    'CDBHook',
    'ClassFrequencyHook',
    'CopyPasteRefreshHook',
    'MaskAnnealingHook',
    'MeanLossHook',
    'NotifyHook',
    'TrialPruneHook',
]
