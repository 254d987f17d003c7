_base_ = [
    '../_base_/models/upernet_swin-t.py',
    '../_base_/datasets/toy_128x128.py',
    '../_base_/schedules/adamw_poly_1k.py',
    '../_base_/default_runtime.py',
]
model = dict(backbone=dict(init_cfg=None))
