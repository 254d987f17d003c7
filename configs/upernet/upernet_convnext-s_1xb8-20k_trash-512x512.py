_base_ = './upernet_convnext-t_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        arch='small',
        drop_path_rate=0.3,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-small_3rdparty_32xb128-noema_in1k_20220301-'
            '303e75e3.pth',
        ),
    ),
)
optim_wrapper = dict(paramwise_cfg=dict(num_layers=12))
