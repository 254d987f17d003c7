# UPerNet (Xiao et al. 2018, arXiv:1807.10221) on BEiT-B/16 (Bao et al. 2021,
# arXiv:2106.08254), with the numbers of BEiT's own ADE20K recipe.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SDPABEiT',
        img_size=(512, 512),
        patch_size=16,
        embed_dims=768,
        num_layers=12,
        num_heads=12,
        out_indices=(3, 5, 7, 11),
        drop_path_rate=0.1,
        init_values=0.1,
        norm_cfg=dict(type='LN', eps=1e-6),
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-22k at 224: without labels, then with them.
            checkpoint='https://unilm.blob.core.windows.net/beit/'
            'beit_base_patch16_224_pt22k_ft22k.pth',
        ),
    ),
    # Maps of strides 4, 8, 16 and 32 out of four layers of stride 16.
    neck=dict(
        type='Feature2Pyramid',
        embed_dim=768,
        rescales=[4, 2, 1, 0.5],
        norm_cfg=dict(type='BN', requires_grad=True),
    ),
    decode_head=dict(
        type='UPerHead',
        in_channels=[768, 768, 768, 768],
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2, 3, 6),
        channels=768,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=768,
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
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
