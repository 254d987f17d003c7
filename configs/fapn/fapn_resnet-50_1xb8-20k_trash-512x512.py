_base_ = [
    '../_base_/models/fapn_resnet-50.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
