_base_ = [
    '../_base_/models/bifpn_efficientnet-b0.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/madgrad_poly_20k.py',
    '../_base_/default_runtime.py',
]
