_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
model = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='SoftDiceLoss', loss_weight=0.25),
            dict(type='SoftmaxFocalLoss', gamma=2.0, alpha=0.25, loss_weight=0.75),
        ],
    ),
)
