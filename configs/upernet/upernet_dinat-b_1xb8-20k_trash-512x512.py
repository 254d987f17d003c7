_base_ = './upernet_dinat-mini_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=128,
        depths=[3, 4, 18, 5],
        num_heads=[4, 8, 16, 32],
        dilations=[[1, 16, 1], [1, 4, 1, 8], [1, 2, 1, 3, 1, 4] * 3, [1, 2, 1, 2, 1]],
        mlp_ratio=2.0,
        drop_path_rate=0.5,
        layer_scale=1e-05,
        init_cfg=dict(
            checkpoint='https://shi-labs.com/projects/dinat/checkpoints/imagenet1k/'
            'dinat_base_in1k_224.pth',
        ),
    ),
    decode_head=dict(in_channels=[128, 256, 512, 1024]),
    auxiliary_head=dict(in_channels=512),
)
