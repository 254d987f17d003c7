# SeMask-FPN (Jain et al. 2021, arXiv:2112.12782): Semantic FPN (Kirillov et al. 2019,
# arXiv:1901.02446) without a neck on Swin-T with semantic layers, and the sum of their
# class maps. The authors' numbers for ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SeMaskSwinTransformer',
        num_classes=11,
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
    decode_head=dict(
        type='FPNHead',
        in_channels=[96, 192, 384, 768],
        in_index=[0, 1, 2, 3],
        feature_strides=[4, 8, 16, 32],
        channels=256,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    auxiliary_head=dict(
        type='ClassMapHead',
        in_index=[4, 5, 6, 7],
        num_classes=11,
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=0.4)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
