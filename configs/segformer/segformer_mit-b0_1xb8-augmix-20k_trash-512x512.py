_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
train_pipeline = [
    *_base_.load_pipeline,
    *_base_.augment_pipeline,
    dict(type='AugMix'),
    *_base_.pack_pipeline,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
