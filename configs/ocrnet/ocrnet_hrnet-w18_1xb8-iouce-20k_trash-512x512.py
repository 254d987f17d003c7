_base_ = './ocrnet_hrnet-w18_1xb8-20k_trash-512x512.py'
# Of the last head; the first one's regions keep their cross-entropy.
_base_.model.decode_head[1].loss_decode = [
    dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)
]
