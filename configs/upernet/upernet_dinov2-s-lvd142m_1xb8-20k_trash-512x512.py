_base_ = [
    '../_base_/models/upernet_dinov2-s.py',
    '../_base_/datasets/trash_512x512.py',
    '../_base_/schedules/adamw_poly_20k.py',
    '../_base_/default_runtime.py',
]
# BEiT-B's own for UPerNet on ADE20K, the nearest published recipe; no decay of vectors,
# tokens and positions.
optim_wrapper = dict(
    optimizer=dict(lr=3e-5, weight_decay=0.05),
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(
        layer_decay_rate=0.9,
        flat_decay_mult=0.0,
        custom_keys={
            '_token': dict(decay_mult=0.0),
            'position_embeddings': dict(decay_mult=0.0),
        },
    ),
)
