_base_ = [
    '../_base_/models/smpfpn_efficientnet-b0.py',
    '../_base_/datasets/toy_128x128.py',
    '../_base_/schedules/adamw_poly_1k.py',
    '../_base_/default_runtime.py',
]
# From scratch in minutes: norms that follow the weights.
model = dict(backbone=dict(init_cfg=None, norm_momentum=0.1))
optim_wrapper = dict(optimizer=dict(lr=2e-3, betas=(0.9, 0.99)))
