_base_ = [
    '../_base_/models/mask2former_semaskswin-l.py',
    '../_base_/datasets/trash_multiscale_512x512.py',
    '../_base_/schedules/adamw_slow_backbone_20k.py',
    '../_base_/default_runtime.py',
]
