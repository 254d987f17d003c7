# Short, and from scratch: three to six minutes on two CPU cores with the smallest
# SegFormer. As adamw_poly_20k, with the rate of networks that start at random (DeiT's
# 1e-3), not of fine-tuning.
_base_ = './adamw_poly_20k.py'
optim_wrapper = dict(optimizer=dict(lr=1e-3))

max_iters = 1000
warmup_iters = 100
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=warmup_iters),
    dict(
        type='PolyLR',
        eta_min=0.0,
        power=1.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=500)
