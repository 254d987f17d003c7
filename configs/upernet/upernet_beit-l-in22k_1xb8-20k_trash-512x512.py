_base_ = './upernet_beit-b-in22k_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        embed_dims=1024,
        num_layers=24,
        num_heads=16,
        out_indices=(7, 11, 15, 23),
        drop_path_rate=0.2,
        init_values=1e-6,
        init_cfg=dict(
            checkpoint='https://unilm.blob.core.windows.net/beit/'
            'beit_large_patch16_224_pt22k_ft22k.pth',
        ),
    ),
    neck=dict(embed_dim=1024),
    decode_head=dict(in_channels=[1024] * 4, channels=1024),
    auxiliary_head=dict(in_channels=1024),
)
optim_wrapper = dict(
    optimizer=dict(lr=2e-5), paramwise_cfg=dict(decay_rate=0.95, num_layers=24)
)
