_base_ = './linear_dinov2-s-lvd142m_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=768,
        num_heads=12,
        init_cfg=dict(
            checkpoint='https://huggingface.co/facebook/dinov2-base/'
            'resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(in_channels=768),
)
