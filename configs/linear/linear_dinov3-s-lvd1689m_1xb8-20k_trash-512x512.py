_base_ = [
    '../_base_/models/linear_dinov3-s.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# DINOv2's own for ADE20K (40k iterations of 16).
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=1e-4))
