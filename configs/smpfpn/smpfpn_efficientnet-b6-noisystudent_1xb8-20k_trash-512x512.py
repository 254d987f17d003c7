_base_ = './smpfpn_efficientnet-b6_1xb8-20k_trash-512x512.py'
# Noisy Student (Xie et al. 2020, arXiv:1911.04252): unlabelled photographs as well.
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/efficientnet/'
            'efficientnet-b6_3rdparty-ra-noisystudent_in1k_20221103-7de7d2cc.pth'
        )
    )
)
