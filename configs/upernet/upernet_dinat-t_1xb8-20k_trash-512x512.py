_base_ = './upernet_dinat-mini_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        depths=[3, 4, 18, 5],
        dilations=[[1, 16, 1], [1, 4, 1, 8], [1, 2, 1, 3, 1, 4] * 3, [1, 2, 1, 2, 1]],
        drop_path_rate=0.3,
        init_cfg=dict(
            checkpoint='https://shi-labs.com/projects/dinat/checkpoints/imagenet1k/'
            'dinat_tiny_in1k_224.pth',
        ),
    ),
)
