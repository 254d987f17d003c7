_base_ = './segvit_vit-l-augreg_1xb8-20k_trash-640x640.py'
# The paper's shrunk structure: from a third of the depth on, a quarter of the tokens.
model = dict(
    backbone=dict(shrink_at=8, out_indices=(7, 23)),
    neck=dict(type='QueryUpsampling', channels=1024, num_heads=16, grid=(40, 40)),
    decode_head=dict(in_index=[0]),
)
