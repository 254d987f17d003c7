# U-Net (Ronneberger et al. 2015, arXiv:1505.04597) of segmentation_models_pytorch on
# EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946), with its numbers.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SMPEncoder',
        name='efficientnet-b0',
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k.
            checkpoint='https://github.com/lukemelas/EfficientNet-PyTorch/releases/'
            'download/1.0/efficientnet-b0-355c32eb.pth',
        ),
    ),
    decode_head=dict(
        type='SMPHead',
        arch='unet',
        in_channels=[3, 32, 24, 40, 112, 320],
        num_classes=11,
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
