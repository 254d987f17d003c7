_base_ = [
    '../_base_/models/mask2former_semaskswin-l.py',
    '../_base_/datasets/trash_multiscale_640x640.py',
    '../_base_/schedules/adamw_slow_backbone_20k.py',
    '../_base_/default_runtime.py',
]
