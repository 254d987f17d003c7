# 20k iterations of 8 are 61 passes over the 2617 images of train.json.
# Rate, decay and warm-up: ConvNeXt's own for ADE20K (160k iterations of 16).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    # Each stage learns slower than the one behind it. `num_layers` is that of the
    # layer-wise rule, 6 for T and 12 for all larger: the heads have the rate, the last
    # stage decay_rate^(num_layers - 3) of it, the stem and the downsampling
    # decay_rate^(num_layers + 1). Vectors (norms, biases) see no weight decay.
    constructor='LearningRateDecayOptimizerConstructor',
    paramwise_cfg=dict(decay_type='stage_wise', decay_rate=0.9, num_layers=6),
)

max_iters = 20000
warmup_iters = 1500
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=warmup_iters),
    dict(
        type='PolyLR',
        eta_min=0.0,
        power=1.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=2000)
val_cfg = dict(type='MixedSizeValLoop')
test_cfg = dict(type='MixedSizeTestLoop')

# The batch of the leaves, 1 GPU x 8; `--auto-scale-lr` follows any other linearly.
auto_scale_lr = dict(enable=False, base_batch_size=8)
