_base_ = [
    '../_base_/models/segnext_mscan-t.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# A random head beside a pretrained backbone: SegNeXt's own ten-fold rate.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'decode_head': dict(lr_mult=10.0)}),
)
# The head does not read the first map, whose norm then has no gradient.
find_unused_parameters = True
