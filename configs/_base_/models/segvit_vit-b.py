# SegViT (Zhang et al. 2022, arXiv:2210.05844) on ViT-B/16 (Dosovitskiy et al. 2021,
# arXiv:2010.11929), with the paper's numbers for ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='SDPAVisionTransformer',
        img_size=(512, 512),
        patch_size=16,
        embed_dims=768,
        num_layers=12,
        num_heads=12,
        out_indices=(5, 7, 11),
        drop_path_rate=0.1,
        with_cls_token=False,
        # AugReg's weights have it; mmseg's default would drop it.
        patch_bias=True,
        norm_cfg=dict(type='LN', eps=1e-6),
        interpolate_mode='bicubic',
        init_cfg=dict(
            type='Pretrained',
            # AugReg (Steiner et al. 2021): ImageNet-21k, then 1k at 384.
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'segmenter/vit_base_p16_384_20220308-96dfe169.pth',
        ),
    ),
    decode_head=dict(
        type='ATMHead',
        in_channels=768,
        in_index=[0, 1, 2],
        channels=384,
        num_layers=3,
        num_heads=12,
        num_classes=11,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
