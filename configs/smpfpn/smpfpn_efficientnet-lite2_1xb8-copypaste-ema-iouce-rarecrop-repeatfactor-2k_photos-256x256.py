_base_ = './smpfpn_efficientnet-lite2_1xb8-2k_photos-256x256.py'
# the model that ships, see mmseg_trash/shipped
model = dict(
    decode_head=dict(
        loss_decode=[dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)],
    ),
)
train_pipeline = [
    *_base_.load_pipeline,
    dict(type='CopyPaste', prob=0.5),
    dict(_base_.augment_pipeline[0], type='RareClassCrop'),
    *_base_.augment_pipeline[1:],
    *_base_.pack_pipeline,
]
train_dataloader = dict(
    dataset=dict(pipeline=train_pipeline),
    sampler=dict(type='RepeatFactorSampler', threshold=0.1),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='AveragedWeightsHook', momentum=2e-3, begin_iter=_base_.warmup_iters),
]
default_hooks = dict(checkpoint=dict(save_best=['mIoU', 'ema/mIoU']))
