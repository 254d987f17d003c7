_base_ = [
    '../_base_/models/unet_efficientnet-lite0.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# A common rate of AdamW for convolutions; the schedule's own is for transformers.
optim_wrapper = dict(optimizer=dict(lr=1e-4))
