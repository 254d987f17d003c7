_base_ = [
    '../_base_/models/segvit_vit-l.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# What AugReg's weights were trained with.
data_preprocessor = dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5])
# SegViT's own for ADE20K: a low rate, ten-fold for what starts at random.
optim_wrapper = dict(
    optimizer=dict(lr=2e-5),
    clip_grad=dict(max_norm=35, norm_type=2),
    paramwise_cfg=dict(
        custom_keys={'decode_head': dict(lr_mult=10.0), 'neck': dict(lr_mult=10.0)}
    ),
)
