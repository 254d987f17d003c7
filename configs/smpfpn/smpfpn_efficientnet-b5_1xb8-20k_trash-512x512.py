_base_ = './smpfpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='efficientnet-b5',
        init_cfg=dict(
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b5-b6417697.pth'
        ),
    ),
    decode_head=dict(in_channels=[3, 48, 40, 64, 176, 512]),
)
