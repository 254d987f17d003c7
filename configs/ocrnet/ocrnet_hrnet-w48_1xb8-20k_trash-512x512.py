_base_ = './ocrnet_hrnet-w18_1xb8-20k_trash-512x512.py'
model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=[48, 96]),
            stage3=dict(num_channels=[48, 96, 192]),
            stage4=dict(num_channels=[48, 96, 192, 384]),
        ),
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/pretrain/third_party/'
            'hrnetv2_w48-d2186c55.pth',
        ),
    ),
)
# A list of heads would be replaced as a whole: its dicts are changed in place.
_base_.model.decode_head[0].update(in_channels=[48, 96, 192, 384], channels=720)
_base_.model.decode_head[1].update(in_channels=[48, 96, 192, 384])
