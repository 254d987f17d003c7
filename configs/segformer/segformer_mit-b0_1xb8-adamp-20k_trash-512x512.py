_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
optim_wrapper = dict(optimizer=dict(type='AdamP'))
