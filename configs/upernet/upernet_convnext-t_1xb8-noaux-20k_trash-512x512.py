_base_ = './upernet_convnext-t_1xb8-20k_trash-512x512.py'
model = dict(auxiliary_head=None)
