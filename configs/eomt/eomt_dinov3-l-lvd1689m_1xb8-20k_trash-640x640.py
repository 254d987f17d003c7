_base_ = [
    '../_base_/models/eomt_dinov3-s.py',
    '../_base_/datasets/trash_640x640.py',
    '../_base_/schedules/adamw_full_layer_decay_20k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        embed_dims=1024,
        num_layers=24,
        num_heads=16,
        open_blocks=4,
        init_cfg=dict(
            checkpoint='https://huggingface.co/facebook/'
            'dinov3-vitl16-pretrain-lvd1689m/resolve/main/model.safetensors',
        ),
    ),
    decode_head=dict(in_channels=1024, num_blocks=4),
    test_cfg=dict(crop_size=(640, 640), stride=(426, 426)),
)
# The masks of the attention go away in the course of training.
custom_hooks = [*_base_.custom_hooks, dict(type='MaskAnnealingHook')]
