_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b3',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b3_3rdparty_8xb32_in1k_20220119-4b4d7487.pth'
        ),
    ),
    neck=dict(in_channels=[32, 48, 136, 384], channels=160, num_layers=6),
    decode_head=dict(in_channels=160, channels=160, num_convs=4),
)
