_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
# The last quarter at half of the rate, averaged every 100 iterations.
swa_iters = 15000
constant = dict(type='ConstantLR', factor=1.0, by_epoch=False, begin=swa_iters)
param_scheduler = [
    _base_.param_scheduler[0],
    {**_base_.param_scheduler[1], 'type': 'PolyLRRatio'}
    | dict(eta_min_ratio=0.5, end=swa_iters),
    constant | dict(end=_base_.max_iters),
]
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='AveragedWeightsHook',
        ema_type='StochasticWeightAverage',
        prefix='swa',
        begin_iter=swa_iters,
        interval=100,
        update_buffers=True,
    ),
]
default_hooks = dict(checkpoint=dict(save_best=['mIoU', 'swa/mIoU']))
