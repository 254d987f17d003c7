# 20k iterations of 8 are 61 passes over the 2617 images of train.json.
# All numbers are EoMT's own for ADE20K (39k iterations of 16), which decays every
# parameter. The authors warm up the head in 500 iterations, then the backbone in 1000.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=0.01, norm_type=2),
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.8, last_block_full=True),
)

max_iters = 20000
warmup_iters = 1500
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=warmup_iters),
    dict(
        type='PolyLR',
        eta_min=0.0,
        power=0.9,
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
