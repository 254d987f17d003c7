_base_ = './upernet_swin-l-in22k_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        window_size=12,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_large_patch4_window12_384_22k_20220412-6580f57d.pth',
        ),
    ),
)
