# 4k iterations of 8 are 159 passes over the 201 training images of a small TACO.
# As adamw_poly_20k, with the warm-up shortened to a tenth.
_base_ = './adamw_poly_20k.py'

max_iters = 4000
warmup_iters = 400
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
