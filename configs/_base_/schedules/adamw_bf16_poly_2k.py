# An hour and a half on a CPU core from ImageNet weights: adamw_bf16_poly_600, longer.
_base_ = './adamw_bf16_poly_600.py'

max_iters = 2000
warmup_iters = 200
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
train_cfg = dict(max_iters=max_iters, val_interval=400)
