# 20k iterations of 8 are 61 passes over the 2617 images of train.json.
# All numbers are Mask2Former's own for ADE20K (160k iterations of 16).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=0.01, norm_type=2),
    constructor='ScaledBackboneConstructor',
    # Pretrained weights move slower; norms and embeddings see no decay.
    paramwise_cfg=dict(
        backbone_lr_mult=0.1,
        norm_decay_mult=0.0,
        custom_keys={
            'absolute_pos_embed': dict(decay_mult=0.0),
            'relative_position_bias_table': dict(decay_mult=0.0),
            'transformer_module.level_embed': dict(decay_mult=0.0),
            'transformer_module.queries': dict(decay_mult=0.0),
        },
    ),
)

max_iters = 20000
# No warm-up.
param_scheduler = [
    dict(type='PolyLR', eta_min=0.0, power=0.9, by_epoch=False, begin=0, end=max_iters)
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=2000)
val_cfg = dict(type='MixedSizeValLoop')
test_cfg = dict(type='MixedSizeTestLoop')

# The batch of the leaves, 1 GPU x 8; `--auto-scale-lr` follows any other linearly.
auto_scale_lr = dict(enable=False, base_batch_size=8)
