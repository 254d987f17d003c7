# SeMask-FPN on Swin-L with window 12; its authors train the L on the hardest pixels.
_base_ = './fpn_semaskswin-t.py'
model = dict(
    backbone=dict(
        pretrain_img_size=384,
        window_size=12,
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        init_cfg=dict(
            # ImageNet-22k at 384.
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'swin/swin_large_patch4_window12_384_22k_20220412-6580f57d.pth',
        ),
    ),
    decode_head=dict(
        in_channels=[192, 384, 768, 1536],
        # The losses here have to be ones that know single pixels.
        sampler=dict(type='OHEMPixelSampler', min_kept=100000),
    ),
)
