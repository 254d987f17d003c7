# 20k iterations of 8 are 61 passes over the 2617 images of train.json.
# Rate, decay and warm-up: those of BEiT-B for ADE20K (160k iterations of 16).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=3e-5, betas=(0.9, 0.999), weight_decay=0.05),
    # Each layer learns slower than the one behind it, the embedding slowest, by
    # decay_rate^(num_layers + 1). Vectors (norms, biases) see no weight decay.
    constructor='LearningRateDecayOptimizerConstructor',
    paramwise_cfg=dict(decay_type='layer_wise', decay_rate=0.9, num_layers=12),
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
