_base_ = './smpfpn_efficientnet-b0_1xb8-20k_trash-512x512.py'
# OneCycleLR gives every parameter this peak, here five times the plain config's rate.
param_scheduler = [
    dict(type='OneCycleLR', eta_max=1e-3, by_epoch=False, begin=0, end=_base_.max_iters)
]
