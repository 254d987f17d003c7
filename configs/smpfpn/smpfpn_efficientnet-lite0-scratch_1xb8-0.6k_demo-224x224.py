_base_ = './smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'
model = dict(backbone=dict(init_cfg=None))
