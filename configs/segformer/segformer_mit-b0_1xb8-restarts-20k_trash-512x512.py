_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
# Three cycles, each from half the rate of the one before, all down to a tenth of the
# first, as members of the first cohort did it; they warmed up in each, here only once.
param_scheduler = [
    _base_.param_scheduler[0],
    dict(
        type='CosineRestartLR',
        periods=[6500, 6000, 6000],
        restart_weights=[1, 0.5, 0.25],
        eta_min_ratio=0.1,
        by_epoch=False,
        begin=_base_.warmup_iters,
        end=_base_.max_iters,
    ),
]
