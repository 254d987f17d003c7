# SeMask-Mask2Former (Jain et al. 2021, arXiv:2112.12782) on Swin-L with window 12: the
# backbone's class maps are trained beside Mask2Former's losses. The authors' numbers.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SeMaskSwinTransformer',
        num_classes=11,
        pretrain_img_size=384,
        window_size=12,
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        out_indices=(0, 1, 2, 3),
        drop_path_rate=0.3,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-22k at 384.
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_large_patch4_window12_384_22k_20220412-6580f57d.pth',
        ),
    ),
    decode_head=dict(
        type='HFMask2FormerHead',
        in_channels=[192, 384, 768, 1536],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
    ),
    auxiliary_head=dict(
        type='ClassMapHead',
        in_index=[4, 5, 6, 7],
        num_classes=11,
        align_corners=True,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=0.4)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
