_base_ = './mask2former_swin-t_1xb8-20k_trash-512x512.py'
# The winners of the third cohort trained Swin-L at 512, short side 256 to 1024.
model = dict(
    backbone=dict(
        pretrain_img_size=384,
        window_size=12,
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_large_patch4_window12_384_22k_20220412-6580f57d.pth',
        ),
    ),
    decode_head=dict(in_channels=[192, 384, 768, 1536]),
)
