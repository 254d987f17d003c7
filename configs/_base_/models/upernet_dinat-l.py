# UPerNet on DiNAT-L, K 7, with the numbers of DiNAT's own ADE20K recipe at 640.
_base_ = './upernet_dinat-mini.py'

model = dict(
    backbone=dict(
        embed_dims=192,
        depths=[3, 4, 18, 5],
        num_heads=[6, 12, 24, 48],
        # For crops of 640: no neighbourhood is wider than its map.
        dilations=[
            [1, 20, 1],
            [1, 5, 1, 10],
            [*[1, 2, 1, 3, 1, 4, 1, 5] * 2, 1, 5],
            [1, 2, 1, 2, 1],
        ],
        mlp_ratio=2.0,
        drop_path_rate=0.3,
        init_cfg=dict(
            # ImageNet-22k at 224.
            checkpoint='https://shi-labs.com/projects/dinat/checkpoints/imagenet22k/'
            'dinat_large_in22k_224.pth',
        ),
    ),
    decode_head=dict(in_channels=[192, 384, 768, 1536]),
    auxiliary_head=dict(in_channels=768),
)
