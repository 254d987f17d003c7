_base_ = './segformer_mit-b0_1xb8-20k_trash-512x512.py'
train_dataloader = dict(sampler=dict(type='RepeatFactorSampler', threshold=0.1))
