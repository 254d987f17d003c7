_base_ = [
    '../_base_/models/segformer_mit-b0.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# A random head beside a pretrained backbone: SegFormer's own ten-fold rate.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'decode_head': dict(lr_mult=10.0)}),
)
