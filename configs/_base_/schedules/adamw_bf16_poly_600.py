# Minutes on two CPU cores from ImageNet weights: 600 iterations of 8, in bfloat16 where
# the processor has it. Rate: the highest of 3e-4, 1e-3 and 2e-3 at which FPN on
# EfficientNet-Lite0 still gains.
_base_ = './adamw_poly_20k.py'
optim_wrapper = dict(type='BFloat16OptimWrapper', optimizer=dict(lr=1e-3))

max_iters = 600
warmup_iters = 60
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
train_cfg = dict(max_iters=max_iters, val_interval=300)
