_base_ = './knet_swin-t_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_large_patch4_window7_224_22k_20220412-aeecf2aa.pth',
        ),
    ),
    decode_head=dict(
        kernel_generate_head=dict(in_channels=[192, 384, 768, 1536]),
    ),
    auxiliary_head=dict(in_channels=768),
)
