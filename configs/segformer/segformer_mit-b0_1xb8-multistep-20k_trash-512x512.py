_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
# Detectron2's steps, after 60k and 80k of 90k iterations.
param_scheduler = [
    _base_.param_scheduler[0],
    dict(
        type='MultiStepLR',
        milestones=[13300, 17800],
        gamma=0.1,
        by_epoch=False,
        begin=0,
        end=_base_.max_iters,
    ),
]
