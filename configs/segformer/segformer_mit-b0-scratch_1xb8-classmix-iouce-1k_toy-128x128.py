_base_ = './segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
train_pipeline = [
    *_base_.load_pipeline,
    dict(type='ClassMix', prob=0.5),
    *_base_.augment_pipeline,
    *_base_.pack_pipeline,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(
    decode_head=dict(
        loss_decode=[dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)],
    ),
)
