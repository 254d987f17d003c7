_base_ = './upernet_convnext-t_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='xlarge',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-xlarge_3rdparty_in21k_20220301-08aa5ddc.pth',
        ),
    ),
    decode_head=dict(in_channels=[256, 512, 1024, 2048]),
    auxiliary_head=dict(in_channels=1024),
)
# Its authors' rate for this size.
optim_wrapper = dict(optimizer=dict(lr=8e-5), paramwise_cfg=dict(num_layers=12))
