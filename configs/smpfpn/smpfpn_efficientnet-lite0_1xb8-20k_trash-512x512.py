_base_ = [
    '../_base_/models/smpfpn_efficientnet-lite0.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# The rate at which members of the second cohort trained FPN on EfficientNet.
optim_wrapper = dict(optimizer=dict(lr=2e-4))
