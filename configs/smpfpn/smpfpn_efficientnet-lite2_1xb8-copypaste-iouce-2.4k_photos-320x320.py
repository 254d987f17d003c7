_base_ = './smpfpn_efficientnet-lite2_1xb8-2.4k_photos-320x320.py'
# the model that ships, see mmseg_trash/shipped
model = dict(
    decode_head=dict(
        loss_decode=[dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)],
    ),
)
train_pipeline = [
    *_base_.load_pipeline,
    dict(type='CopyPaste', prob=0.5),
    *_base_.augment_pipeline,
    *_base_.pack_pipeline,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
