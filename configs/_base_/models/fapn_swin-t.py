# Semantic FPN (Kirillov et al. 2019, arXiv:1901.02446) with FaPN (Huang et al. 2021,
# arXiv:2108.07058) as its pyramid, on Swin-T, patch 4, window 7 (arXiv:2103.14030).
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SDPASwinTransformer',
        embed_dims=96,
        window_size=7,
        depths=[2, 2, 6, 2],
        num_heads=[3, 6, 12, 24],
        out_indices=(0, 1, 2, 3),
        drop_path_rate=0.3,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k at 224.
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_tiny_patch4_window7_224_20220317-1cdeb081.pth',
        ),
    ),
    neck=dict(
        type='FaPN',
        in_channels=[96, 192, 384, 768],
        out_channels=256,
        norm_cfg=dict(type='BN', requires_grad=True),
        deform_groups=8,
    ),
    decode_head=dict(
        type='FPNHead',
        in_channels=[256, 256, 256, 256],
        in_index=[0, 1, 2, 3],
        feature_strides=[4, 8, 16, 32],
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
