_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b7',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b7_3rdparty_8xb32-aa_in1k_20220119-bf03951c.pth'
        ),
    ),
    neck=dict(in_channels=[48, 80, 224, 640], channels=384, num_layers=8),
    decode_head=dict(in_channels=384, channels=384, num_convs=5),
)
