_base_ = [
    '../_base_/models/knet_swin-t.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_step_20k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        drop_path_rate=0.4,
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
