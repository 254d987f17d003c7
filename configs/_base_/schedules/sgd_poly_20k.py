# 20k iterations of 8 are 61 passes over the 2617 images of train.json.
# All numbers are mmseg's own for convolutional networks, with batches of 8 as well
# (Cityscapes); HRNet's authors have the same rate, decay and power there.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
)

max_iters = 20000
# No warm-up.
param_scheduler = [
    dict(type='PolyLR', eta_min=1e-4, power=0.9, by_epoch=False, begin=0, end=max_iters)
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=2000)
val_cfg = dict(type='MixedSizeValLoop')
test_cfg = dict(type='MixedSizeTestLoop')

# The batch of the leaves, 1 GPU x 8; `--auto-scale-lr` follows any other linearly.
auto_scale_lr = dict(enable=False, base_batch_size=8)
