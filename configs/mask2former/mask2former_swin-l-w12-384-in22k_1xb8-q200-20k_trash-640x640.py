_base_ = './mask2former_swin-l-w12-384-in22k_1xb8-20k_trash-640x640.py'
# The authors' number for panoptic segmentation.
model = dict(decode_head=dict(num_queries=200))
