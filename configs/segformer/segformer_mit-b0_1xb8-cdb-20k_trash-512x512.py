_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
model = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='CDBLoss', num_classes=_base_.model.decode_head.num_classes),
        ],
    ),
)
custom_hooks = [*_base_.custom_hooks, dict(type='CDBHook')]
