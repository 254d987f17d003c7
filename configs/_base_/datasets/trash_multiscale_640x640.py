# As trash_512x512, with Mask2Former's augmentation for ADE20K at 640: photographs are
# enlarged to 640 for validation too. The short side is .5 to 2 times 640 in 16 steps,
# the crop may hold a single class.
_base_ = './trash_512x512.py'

crop_size = (640, 640)
data_preprocessor = dict(size=crop_size)

short_sides = [int(0.1 * step * 640) for step in range(5, 21)]
augment_pipeline = [
    dict(
        type='RandomChoiceResize',
        scales=short_sides,
        resize_type='ResizeShortestEdge',
        max_size=2560,
    ),
    dict(type='FastRandomCrop', crop_size=crop_size, cat_max_ratio=1.0),
    dict(type='FastRandomFlip', prob=0.5),
    dict(type='FastPhotoMetricDistortion'),
]
train_pipeline = [*_base_.load_pipeline, *augment_pipeline, *_base_.pack_pipeline]

base_scale = (2560, 640)
resize_pipeline = [dict(type='Resize', scale=base_scale, keep_ratio=True)]
test_pipeline = [
    dict(type='LoadTrashImage'),
    *resize_pipeline,
    dict(type='LoadLabelMap'),
    *_base_.pack_pipeline,
]
predict_pipeline = [
    dict(type='LoadTrashImage'),
    *resize_pipeline,
    *_base_.pack_pipeline,
]
# Twelve views: the authors' six scales, each also mirrored.
tta_scales = [
    (int(2560 * ratio), int(640 * ratio)) for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
]
tta_pipeline = [
    dict(type='LoadTrashImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=s, keep_ratio=True) for s in tta_scales],
            [
                dict(type='FastRandomFlip', prob=p, direction='horizontal')
                for p in (0.0, 1.0)
            ],
            [dict(type='LoadLabelMap')],
            _base_.pack_pipeline,
        ],
    ),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
predict_dataset = dict(pipeline=predict_pipeline)
