# Mask2Former (Cheng et al. 2022, arXiv:2112.01527) on Swin-T, patch 4, window 7 (Liu et
# al. 2021, arXiv:2103.14030), with the authors' numbers for ADE20K.
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
    decode_head=dict(
        type='HFMask2FormerHead',
        in_channels=[96, 192, 384, 768],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
