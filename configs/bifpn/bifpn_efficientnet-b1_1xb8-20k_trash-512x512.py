_base_ = './bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='b1',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b1_3rdparty_8xb32_in1k_20220119-002556d9.pth'
        ),
    ),
    neck=dict(in_channels=[24, 40, 112, 320], channels=88, num_layers=4),
    decode_head=dict(in_channels=88, channels=88, num_convs=3),
)
