# A linear map (DINOv2's evaluation, Oquab et al. 2023, arXiv:2304.07193, section 7.4)
# over the last layer of a frozen DINOv2 ViT-S/14.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DINOv2',
        embed_dims=384,
        num_layers=12,
        num_heads=6,
        frozen=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://huggingface.co/facebook/dinov2-small/'
            'resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(
        type='LinearHead',
        in_channels=384,
        dropout_ratio=0.0,
        num_classes=11,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
