_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b2',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b2_3rdparty_8xb32_in1k_20220119-ea374a30.pth'
        ),
    ),
    neck=dict(in_channels=[24, 48, 120, 352], channels=112, num_layers=5),
    decode_head=dict(in_channels=112, channels=112, num_convs=3),
)
