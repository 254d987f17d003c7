_base_ = [
    '../_base_/models/ocrnet_hrnet-w18.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/sgd_poly_20k.py',
    '../_base_/default_runtime.py',
]
