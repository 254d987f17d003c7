_base_ = [
    '../_base_/models/smpfpn_efficientnet-lite0.py',
    '../_base_/datasets/demo_160x160.py',
    '../_base_/schedules/adamw_bf16_poly_300.py',
    '../_base_/default_runtime.py',
]
# a share of .01 in the running statistics is too little for so few iterations
model = dict(backbone=dict(norm_momentum=0.1))
