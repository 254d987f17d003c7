_base_ = './fpn_semaskswin-t_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        pretrain_img_size=384,
        window_size=12,
        embed_dims=128,
        depths=[2, 2, 18, 2],
        num_heads=[4, 8, 16, 32],
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_base_patch4_window12_384_22k_20220317-e5c09f74.pth',
        ),
    ),
    decode_head=dict(in_channels=[128, 256, 512, 1024]),
)
