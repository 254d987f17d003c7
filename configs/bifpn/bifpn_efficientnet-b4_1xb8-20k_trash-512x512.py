_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b4',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b4_3rdparty_8xb32_in1k_20220119-81fd4077.pth'
        ),
    ),
    neck=dict(in_channels=[32, 56, 160, 448], channels=224, num_layers=7),
    decode_head=dict(in_channels=224, channels=224, num_convs=4),
)
