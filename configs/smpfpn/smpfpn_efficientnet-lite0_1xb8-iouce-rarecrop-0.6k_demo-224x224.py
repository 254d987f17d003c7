_base_ = './smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'
# What `make demo` trains. A share of .01 in the running statistics would be too little
# for so few iterations.
model = dict(
    backbone=dict(norm_momentum=0.1),
    decode_head=dict(
        loss_decode=[dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)],
    ),
)
train_pipeline = [
    *_base_.load_pipeline,
    dict(_base_.augment_pipeline[0], type='RareClassCrop'),
    *_base_.augment_pipeline[1:],
    *_base_.pack_pipeline,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
