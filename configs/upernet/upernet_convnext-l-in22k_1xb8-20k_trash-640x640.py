_base_ = [
    '../_base_/models/upernet_convnext-t.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_stage_decay_20k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        arch='large',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-large_3rdparty_in21k_20220301-e6e0ea0a.pth',
        ),
    ),
    decode_head=dict(in_channels=[192, 384, 768, 1536]),
    auxiliary_head=dict(in_channels=768),
)
optim_wrapper = dict(paramwise_cfg=dict(num_layers=12))
