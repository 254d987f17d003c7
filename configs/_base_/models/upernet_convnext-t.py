# UPerNet (Xiao et al. 2018, arXiv:1807.10221) on ConvNeXt-T (Liu et al. 2022,
# arXiv:2201.03545), with the numbers of ConvNeXt's own ADE20K recipe.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='mmpretrain.ConvNeXt',
        arch='tiny',
        out_indices=[0, 1, 2, 3],
        drop_path_rate=0.4,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k at 224.
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-tiny_3rdparty_32xb128-noema_in1k_20220301-'
            '795e9634.pth',
            prefix='backbone.',
        ),
    ),
    decode_head=dict(
        type='UPerHead',
        in_channels=[96, 192, 384, 768],
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2, 3, 6),
        channels=512,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=384,
        in_index=2,
        channels=256,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=0.4)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
