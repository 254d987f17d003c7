_base_ = [
    '../_base_/models/upernet_dinat-l.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# As the authors: no decay of the relative position biases.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'attn.rpb': dict(decay_mult=0.0)}))
