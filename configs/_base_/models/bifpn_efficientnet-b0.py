# EfficientDet-D0 (Tan et al. 2020, arXiv:1911.09070) for segmentation: EfficientNet-B0,
# BiFPN over P2 to P7, and the layers of its class head on P2.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='TrimmedEfficientNet',
        arch='b0',
        out_indices=(2, 3, 4, 5),
        drop_path_rate=0.2,
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            # ImageNet-1k.
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'efficientnet/efficientnet-b0_3rdparty_8xb32_in1k_20220119-a7e2a0b1.pth',
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
