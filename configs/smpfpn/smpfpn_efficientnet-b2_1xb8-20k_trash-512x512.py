_base_ = './smpfpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='efficientnet-b2',
        init_cfg=dict(
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b2-8bb594d6.pth'
        ),
    ),
    decode_head=dict(in_channels=[3, 32, 24, 48, 120, 352]),
)
