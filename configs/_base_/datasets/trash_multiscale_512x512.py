# As trash_512x512, with Mask2Former's augmentation for ADE20K: the short side is .5 to
# 2 times 512 in 16 steps, the crop may hold a single class.
_base_ = './trash_512x512.py'

short_sides = [int(0.1 * step * 512) for step in range(5, 21)]
augment_pipeline = [
    dict(
        type='RandomChoiceResize',
        scales=short_sides,
        resize_type='ResizeShortestEdge',
        max_size=2048,
    ),
    dict(type='FastRandomCrop', crop_size=_base_.crop_size, cat_max_ratio=1.0),
    dict(type='FastRandomFlip', prob=0.5),
    dict(type='FastPhotoMetricDistortion'),
]
train_pipeline = [*_base_.load_pipeline, *augment_pipeline, *_base_.pack_pipeline]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
