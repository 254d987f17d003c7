# SegNeXt (Guo et al. 2022, arXiv:2209.08575) with MSCAN-T and the authors' numbers for
# ADE20K; the head has group norm, as its published weights.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='MSCAN',
        embed_dims=[32, 64, 160, 256],
        mlp_ratios=[8, 8, 4, 4],
        depths=[3, 3, 5, 2],
        drop_rate=0.0,
        drop_path_rate=0.1,
        norm_cfg=dict(type='BN', requires_grad=True),
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-1k, of the authors.
            checkpoint='https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/'
            'segnext/mscan_t_20230227-119e8c9f.pth',
        ),
    ),
    decode_head=dict(
        type='SteadyLightHamHead',
        in_channels=[64, 160, 256],
        in_index=[1, 2, 3],
        channels=256,
        ham_channels=256,
        ham_kwargs=dict(MD_S=1, MD_R=16, train_steps=6, eval_steps=7),
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='GN', num_groups=32, requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
