_base_ = [
    '../_base_/models/upernet_dinat-l.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# The dilations of the smaller sizes, whose neighbourhoods fit maps of 512.
model = dict(
    backbone=dict(
        dilations=[[1, 16, 1], [1, 4, 1, 8], [1, 2, 1, 3, 1, 4] * 3, [1, 2, 1, 2, 1]]
    )
)
# As the authors: no decay of the relative position biases.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'attn.rpb': dict(decay_mult=0.0)}))
