_base_ = './segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
# The paper's threshold, .968, is for networks that begin with pretrained weights.
model = dict(type='MeanTeacherEncoderDecoder', threshold=0.9)
unlabelled_pipeline = [
    dict(type='LoadTrashImage'),
    dict(
        type='FastResizeCrop',
        scale=_base_.base_scale,
        ratio_range=(0.8, 1.25),
        crop_size=_base_.crop_size,
    ),
    dict(type='FastRandomFlip', prob=0.5),
    *_base_.pack_pipeline,
]
unlabelled = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset={**_base_.predict_dataset, 'pipeline': unlabelled_pipeline},
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='PseudoLabelHook', dataloader=unlabelled, ramp_iters=250),
]
