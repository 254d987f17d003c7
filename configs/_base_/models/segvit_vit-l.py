# SegViT on ViT-L/16, with the paper's numbers for ADE20K at 640.
_base_ = './segvit_vit-b.py'
model = dict(
    backbone=dict(
        img_size=(640, 640),
        embed_dims=1024,
        num_layers=24,
        num_heads=16,
        out_indices=(7, 15, 23),
        drop_path_rate=0.3,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'segmenter/vit_large_p16_384_20220308-d4efb41d.pth',
        ),
    ),
    decode_head=dict(in_channels=1024, channels=512, num_heads=16),
    test_cfg=dict(crop_size=(640, 640), stride=(608, 608)),
)
