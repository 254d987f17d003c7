_base_ = [
    '../_base_/models/mask2former_dinat-l.py',
    '../_base_/datasets/trash_multiscale_640x640.py',
    '../_base_/schedules/adamw_slow_backbone_20k.py',
    '../_base_/default_runtime.py',
]
# Positions see no decay, as in the authors' UPerNet.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'attn.rpb': dict(decay_mult=0.0)}))
