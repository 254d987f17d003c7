# Mask2Former (Cheng et al. 2022, arXiv:2112.01527) on DiNAT-L, K 11 (Hassani & Shi
# 2022, arXiv:2209.15001), with the numbers of DiNAT's authors for ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DiNAT',
        embed_dims=192,
        depths=[3, 4, 18, 5],
        num_heads=[6, 12, 24, 48],
        kernel_size=11,
        # For crops of 640: no neighbourhood is wider than its map.
        dilations=[[1, 14, 1], [1, 4, 1, 7], [*[1, 2, 1, 3] * 4, 1, 3], [1] * 5],
        mlp_ratio=2.0,
        out_indices=(0, 1, 2, 3),
        drop_path_rate=0.3,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-22k at 224 with K 7, position biases interpolated to K 11.
            checkpoint='https://shi-labs.com/projects/dinat/checkpoints/imagenet22k/'
            'dinat_large_in22k_224_11x11interp.pth',
        ),
    ),
    decode_head=dict(
        type='HFMask2FormerHead',
        in_channels=[192, 384, 768, 1536],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
