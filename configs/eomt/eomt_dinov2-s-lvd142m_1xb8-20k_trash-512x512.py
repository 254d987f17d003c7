_base_ = [
    '../_base_/models/eomt_dinov2-s.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_full_layer_decay_20k.py',
    '../_base_/default_runtime.py',
]
# The masks of the attention go away in the course of training.
custom_hooks = [*_base_.custom_hooks, dict(type='MaskAnnealingHook')]
