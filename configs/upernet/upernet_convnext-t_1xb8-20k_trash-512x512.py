_base_ = [
    '../_base_/models/upernet_convnext-t.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_stage_decay_20k.py',
    '../_base_/default_runtime.py',
]
