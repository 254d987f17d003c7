_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
param_scheduler = [
    _base_.param_scheduler[0],
    dict(
        type='CosineAnnealingLR',
        eta_min=0.0,
        by_epoch=False,
        begin=_base_.warmup_iters,
        end=_base_.max_iters,
    ),
]
