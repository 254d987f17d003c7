_base_ = './smpfpn_efficientnet-b7_1xb8-20k_trash-512x512.py'
# Noisy Student (Xie et al. 2020, arXiv:1911.04252): unlabelled photographs as well.
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/efficientnet/'
            'efficientnet-b7_3rdparty-ra-noisystudent_in1k_20221103-a82894bc.pth'
        )
    )
)
