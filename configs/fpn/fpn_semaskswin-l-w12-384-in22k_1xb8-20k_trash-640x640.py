_base_ = [
    '../_base_/models/fpn_semaskswin-l.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# SeMask-FPN's own rate and decay.
optim_wrapper = dict(optimizer=dict(lr=1e-4, weight_decay=1e-4))
