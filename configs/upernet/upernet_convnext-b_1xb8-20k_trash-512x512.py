_base_ = './upernet_convnext-t_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='base',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-base_3rdparty_32xb128-noema_in1k_20220301-'
            '2a0ee547.pth',
        ),
    ),
    decode_head=dict(in_channels=[128, 256, 512, 1024]),
    auxiliary_head=dict(in_channels=512),
)
optim_wrapper = dict(paramwise_cfg=dict(num_layers=12))
