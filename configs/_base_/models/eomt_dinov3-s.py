# EoMT (Kerssies et al. 2025, arXiv:2503.19108) on DINOv3's ViT-S (Siméoni et al. 2025,
# arXiv:2508.10104), with the authors' numbers for ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DINOv3',
        embed_dims=384,
        num_layers=12,
        num_heads=6,
        open_blocks=3,
        init_cfg=dict(
            type='Pretrained',
            # Given out on request, see configs/eomt/README.md.
            checkpoint='https://huggingface.co/facebook/'
            'dinov3-vits16-pretrain-lvd1689m/resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(
        type='EoMTHead',
        in_channels=384,
        num_classes=11,
        num_queries=100,
        num_blocks=3,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
