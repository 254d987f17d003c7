_base_ = './smpfpn_efficientnet-b7_1xb8-20k_trash-512x512.py'
model = dict(
    decode_head=dict(
        loss_decode=[dict(type='SoftCrossEntropyLoss', label_smoothing=0.1)]
    )
)
