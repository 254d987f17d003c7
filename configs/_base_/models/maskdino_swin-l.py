# MaskDINO (Li et al. 2023, arXiv:2206.02777) on Swin-L, patch 4, window 12 (Liu et al.
# 2021, arXiv:2103.14030), with the authors' numbers for semantics on ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SDPASwinTransformer',
        pretrain_img_size=384,
        embed_dims=192,
        window_size=12,
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
        type='MaskDINOHead',
        in_channels=[192, 384, 768, 1536],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
        denoising_queries=100,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
