# K-Net (Zhang et al. 2021, arXiv:2106.14855) with UPerNet as its first head, on
# ConvNeXt-XL (Liu et al. 2022, arXiv:2201.03545); the papers have no such pair: the
# heads are as for Swin-L, the backbone as in ConvNeXt's own ADE20K recipe.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='mmpretrain.ConvNeXt',
        arch='xlarge',
        out_indices=[0, 1, 2, 3],
        drop_path_rate=0.4,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-22k at 224.
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-xlarge_3rdparty_in21k_20220301-08aa5ddc.pth',
            prefix='backbone.',
        ),
    ),
    decode_head=dict(
        type='KNetHead',
        num_classes=11,
        num_stages=3,
        kernel_generate_head=dict(
            type='UPerHead',
            in_channels=[256, 512, 1024, 2048],
            in_index=[0, 1, 2, 3],
            pool_scales=(1, 2, 3, 6),
            channels=512,
            dropout_ratio=0.1,
            norm_cfg=dict(type='BN', requires_grad=True),
            align_corners=False,
            # Of each stage, the first prediction among them.
            loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
        ),
        kernel_update_head=dict(
            type='KernelUpdateHead',
            in_channels=512,
            out_channels=512,
            num_heads=8,
            num_ffn_fcs=2,
            feedforward_channels=2048,
            num_mask_fcs=1,
            conv_kernel_size=1,
            feat_transform_cfg=dict(conv_cfg=dict(type='Conv2d'), act_cfg=None),
            kernel_updator_cfg=dict(
                type='KernelUpdator',
                in_channels=256,
                feat_channels=256,
                out_channels=256,
                act_cfg=dict(type='ReLU', inplace=True),
                norm_cfg=dict(type='LN'),
            ),
        ),
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=1024,
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
