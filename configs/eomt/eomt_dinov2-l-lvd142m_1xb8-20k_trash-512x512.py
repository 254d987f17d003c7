_base_ = './eomt_dinov2-s-lvd142m_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=1024,
        num_layers=24,
        num_heads=16,
        open_blocks=4,
        init_cfg=dict(
            checkpoint='https://huggingface.co/facebook/dinov2-with-registers-large/'
            'resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(in_channels=1024, num_blocks=4),
)
