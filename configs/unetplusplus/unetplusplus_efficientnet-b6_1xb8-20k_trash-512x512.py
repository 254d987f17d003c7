_base_ = './unetplusplus_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='efficientnet-b6',
        init_cfg=dict(
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b6-c76e70fd.pth'
        ),
    ),
    decode_head=dict(in_channels=[3, 56, 40, 72, 200, 576]),
)
