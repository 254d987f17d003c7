# As adamw_slow_backbone_20k, with MaskDINO's steps: 135k and 150k of 160k iterations,
# each time a tenth of the rate. Its warm-up of 10 iterations has the factor 1, so none.
_base_ = './adamw_slow_backbone_20k.py'
optim_wrapper = dict(
    paramwise_cfg=dict(
        # Embeddings see no decay.
        custom_keys={
            'predictor.label_enc': dict(decay_mult=0.0),
            'predictor.query_': dict(decay_mult=0.0),
        },
    ),
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        milestones=[16875, 18750],
        gamma=0.1,
        by_epoch=False,
        begin=0,
        end=_base_.max_iters,
    )
]
