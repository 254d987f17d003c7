_base_ = './linear_dinov3-s-lvd1689m_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=768,
        num_heads=12,
        init_cfg=dict(
            checkpoint='https://huggingface.co/facebook/'
            'dinov3-vitb16-pretrain-lvd1689m/resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(in_channels=768),
)
