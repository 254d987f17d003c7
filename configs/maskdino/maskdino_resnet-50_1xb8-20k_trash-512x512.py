_base_ = [
    '../_base_/models/maskdino_resnet-50.py',
    '../_base_/datasets/trash_multiscale_512x512.py',
    '../_base_/schedules/adamw_slow_backbone_step_20k.py',
    '../_base_/default_runtime.py',
]
