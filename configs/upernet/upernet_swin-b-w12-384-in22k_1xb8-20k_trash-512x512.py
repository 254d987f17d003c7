_base_ = './upernet_swin-b_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        window_size=12,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_base_patch4_window12_384_22k_20220317-e5c09f74.pth',
        ),
    ),
)
