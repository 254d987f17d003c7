_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
# Reaches back a thousand iterations, and not into the warm-up.
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='AveragedWeightsHook', momentum=1e-3, begin_iter=_base_.warmup_iters),
]
default_hooks = dict(checkpoint=dict(save_best=['mIoU', 'ema/mIoU']))
