_base_ = './upernet_dinov3-s-lvd1689m_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=1024,
        num_layers=24,
        num_heads=16,
        out_indices=(5, 11, 17, 23),
        drop_path_rate=0.2,
        init_cfg=dict(
            checkpoint='https://huggingface.co/facebook/'
            'dinov3-vitl16-pretrain-lvd1689m/resolve/main/model.safetensors',
        ),
    ),
    neck=dict(embed_dim=1024),
    decode_head=dict(in_channels=[1024] * 4),
    auxiliary_head=dict(in_channels=1024),
)
# BEiT-L's.
optim_wrapper = dict(optimizer=dict(lr=2e-5), paramwise_cfg=dict(layer_decay_rate=0.95))
