_base_ = './segformer_mit-b3_1xb8-20k_trash-512x512.py'
# The paper's own head, whose published segmentors it holds.
model = dict(decode_head=dict(type='SegformerMLPHead', channels=768))
