_base_ = [
    '../_base_/models/knet_convnext-xl.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_stage_decay_20k.py',
    '../_base_/default_runtime.py',
]
# ConvNeXt-XL's own rate and decay; K-Net's clipping.
optim_wrapper = dict(
    optimizer=dict(lr=8e-5),
    clip_grad=dict(max_norm=1, norm_type=2),
    paramwise_cfg=dict(num_layers=12),
)
