_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b5',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b5_3rdparty_8xb32_in1k_20220119-e9814430.pth'
        ),
    ),
    neck=dict(in_channels=[40, 64, 176, 512], channels=288, num_layers=7),
    decode_head=dict(in_channels=288, channels=288, num_convs=4),
)
