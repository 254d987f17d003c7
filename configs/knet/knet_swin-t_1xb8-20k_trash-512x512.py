_base_ = [
    '../_base_/models/knet_swin-t.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_step_20k.py',
    '../_base_/default_runtime.py',
]
