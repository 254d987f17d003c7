_base_ = './unet_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='efficientnet-b7',
        init_cfg=dict(
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b7-dcc49843.pth'
        ),
    ),
    decode_head=dict(in_channels=[3, 64, 48, 80, 224, 640]),
)
