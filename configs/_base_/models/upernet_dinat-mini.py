# UPerNet (Xiao et al. 2018, arXiv:1807.10221) on DiNAT-Mini, K 7 (Hassani & Shi 2022,
# arXiv:2209.15001), with the numbers of DiNAT's own ADE20K recipe.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DiNAT',
        embed_dims=64,
        depths=[3, 4, 6, 5],
        num_heads=[2, 4, 8, 16],
        kernel_size=7,
        # For crops of 512: no neighbourhood is wider than its map.
        dilations=[[1, 16, 1], [1, 4, 1, 8], [1, 2, 1, 3, 1, 4], [1, 2, 1, 2, 1]],
        mlp_ratio=3.0,
        out_indices=(0, 1, 2, 3),
        drop_path_rate=0.2,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k at 224.
            checkpoint='https://shi-labs.com/projects/dinat/checkpoints/imagenet1k/'
            'dinat_mini_in1k_224.pth',
        ),
    ),
    decode_head=dict(
        type='UPerHead',
        in_channels=[64, 128, 256, 512],
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
        in_channels=256,
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
