# OCRNet (Yuan et al. 2020, arXiv:1909.11065) on HRNetV2-W18 (Wang et al. 2020,
# arXiv:1908.07919), with the numbers of mmseg's own for ADE20K. The first head's maps
# are the soft object regions of the second.
model = dict(
    type='CascadeEncoderDecoder',
    num_stages=2,
    backbone=dict(
        type='HRNet',
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=[4],
                num_channels=[64],
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=[4, 4],
                num_channels=[18, 36],
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=[4, 4, 4],
                num_channels=[18, 36, 72],
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=[4, 4, 4, 4],
                num_channels=[18, 36, 72, 144],
            ),
        ),
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k, of the authors.
            checkpoint='https://download.openmmlab.com/pretrain/third_party/'
            'hrnetv2_w18-00eb2006.pth',
        ),
    ),
    decode_head=[
        dict(
            type='FCNHead',
            in_channels=[18, 36, 72, 144],
            in_index=[0, 1, 2, 3],
            input_transform='resize_concat',
            channels=270,
            kernel_size=1,
            num_convs=1,
            concat_input=False,
            dropout_ratio=-1,
            num_classes=11,
            norm_cfg=dict(type='BN', requires_grad=True),
            align_corners=False,
            loss_decode=[dict(type='CrossEntropyLoss', loss_weight=0.4)],
        ),
        dict(
            type='OCRHead',
            in_channels=[18, 36, 72, 144],
            in_index=[0, 1, 2, 3],
            input_transform='resize_concat',
            channels=512,
            ocr_channels=256,
            dropout_ratio=-1,
            num_classes=11,
            norm_cfg=dict(type='BN', requires_grad=True),
            align_corners=False,
            loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
        ),
    ],
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
