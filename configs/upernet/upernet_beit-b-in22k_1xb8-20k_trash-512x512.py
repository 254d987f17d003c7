_base_ = [
    '../_base_/models/upernet_beit-b.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_layer_decay_20k.py',
    '../_base_/default_runtime.py',
]
