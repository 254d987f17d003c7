_base_ = [
    '../_base_/models/unetplusplus_efficientnet-lite0.py',
    '../_base_/datasets/demo_224x224.py',
    '../_base_/schedules/adamw_bf16_poly_600.py',
    '../_base_/default_runtime.py',
]
