_base_ = './bifpn_efficientnet-b4_1xb8-20k_trash-512x512.py'
# The paper's network for segmentation: a narrow pyramid and a wide head.
model = dict(
    neck=dict(channels=128, num_layers=3),
    decode_head=dict(in_channels=128, channels=256, num_convs=3),
)
