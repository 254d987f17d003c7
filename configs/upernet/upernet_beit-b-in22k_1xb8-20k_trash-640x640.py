_base_ = [
    '../_base_/models/upernet_beit-b.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_layer_decay_20k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(img_size=(640, 640)),
    test_cfg=dict(crop_size=(640, 640), stride=(426, 426)),
)
