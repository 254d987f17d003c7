_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
# The authors' advice: a third to a tenth of AdamW's rate, and the product with the
# decay as it was.
optim_wrapper = dict(
    optimizer=dict(type='Lion', lr=1e-5, betas=(0.9, 0.99), weight_decay=0.06)
)
