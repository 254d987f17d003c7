# EoMT (Kerssies et al. 2025, arXiv:2503.19108) on DINOv2's ViT-S with registers (Oquab
# et al. 2023, arXiv:2304.07193), with the authors' numbers for ADE20K.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='DINOv2',
        embed_dims=384,
        num_layers=12,
        num_heads=6,
        # The weights' patches of 14 and their table for 518 are resampled.
        patch_size=16,
        img_size=512,
        num_registers=4,
        open_blocks=3,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://huggingface.co/facebook/dinov2-with-registers-small/'
            'resolve/main/model.safetensors',
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
