"""Hooks of the Runner, registered in mmseg's ``HOOKS``."""

from .averaged_weights_hook import AveragedWeightsHook
from .cdb_hook import CDBHook
from .channels_last_hook import ChannelsLastHook
from .class_frequency_hook import ClassFrequencyHook
from .compile_hook import CompileHook
from .copy_paste_refresh_hook import CopyPasteRefreshHook
from .mask_annealing_hook import MaskAnnealingHook
from .mean_loss_hook import MeanLossHook
from .nan_guard_hook import NanGuardHook
from .notify_hook import NotifyHook
from .prediction_panel_hook import PredictionPanelHook
from .pseudo_label_hook import PseudoLabelHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .trained_images_hook import TrainedImagesHook
from .trial_prune_hook import TrialPruneHook
from .val_loss_hook import ValLossHook
from .warm_start_hook import WarmStartHook

__all__ = [
    'AveragedWeightsHook',
    'CDBHook',
    'ChannelsLastHook',
    'ClassFrequencyHook',
    'CompileHook',
    'CopyPasteRefreshHook',
    'MaskAnnealingHook',
    'MeanLossHook',
    'NanGuardHook',
    'NotifyHook',
    'PredictionPanelHook',
    'PseudoLabelHook',
    'SafeCheckpointHook',
    'TrainedImagesHook',
    'TrialPruneHook',
    'ValLossHook',
    'WarmStartHook',
]
