_base_ = './unetplusplus_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='efficientnet-b3',
        init_cfg=dict(
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b3-5fb5a3c3.pth'
        ),
    ),
    decode_head=dict(in_channels=[3, 40, 32, 48, 136, 384]),
)
