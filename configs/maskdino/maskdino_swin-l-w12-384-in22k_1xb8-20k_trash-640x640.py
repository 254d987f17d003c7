_base_ = [
    '../_base_/models/maskdino_swin-l.py',
    '../_base_/datasets/trash_multiscale_640x640.py',
    '../_base_/schedules/adamw_slow_backbone_step_20k.py',
    '../_base_/default_runtime.py',
]
