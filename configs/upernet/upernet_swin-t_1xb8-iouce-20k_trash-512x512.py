_base_ = './upernet_swin-t_1xb8-20k_trash-512x512.py'
model = dict(
    decode_head=dict(
        loss_decode=[dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)],
    ),
)
