# UPerNet (Xiao et al. 2018, arXiv:1807.10221) on DINOv3's ViT-S/16 (Siméoni et al.
# 2025, arXiv:2508.10104), with neck and stochastic depth of BEiT's and MAE's UPerNet.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DINOv3',
        embed_dims=384,
        num_layers=12,
        num_heads=6,
        out_indices=(2, 5, 8, 11),
        drop_path_rate=0.1,
        init_cfg=dict(
            type='Pretrained',
            # Given out on request, see configs/upernet/README.md.
            checkpoint='https://huggingface.co/facebook/'
            'dinov3-vits16-pretrain-lvd1689m/resolve/main/model.safetensors',
        ),
    ),
    # Strides 4, 8, 16 and 32.
    neck=dict(
        type='Feature2Pyramid',
        embed_dim=384,
        rescales=[4, 2, 1, 0.5],
        norm_cfg=dict(type='BN', requires_grad=True),
    ),
    decode_head=dict(
        type='UPerHead',
        in_channels=[384, 384, 384, 384],
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2, 3, 6),
        channels=512,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=384,
        in_index=2,
        channels=256,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=0.4)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
