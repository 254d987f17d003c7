# As trash_512x512, with crops of 640 from photographs enlarged to 640, for validation
# too: what large backbones were pretrained for.
_base_ = './trash_512x512.py'

crop_size = (640, 640)
data_preprocessor = dict(size=crop_size)

base_scale = (2560, 640)
augment_pipeline = [
    dict(
        type='FastResizeCrop',
        scale=base_scale,
        ratio_range=(0.5, 2.0),
        crop_size=crop_size,
        cat_max_ratio=0.75,
    ),
    dict(type='FastRandomFlip', prob=0.5),
    dict(type='FastPhotoMetricDistortion'),
]
train_pipeline = [*_base_.load_pipeline, *augment_pipeline, *_base_.pack_pipeline]

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
tta_scales = [(int(2560 * ratio), int(640 * ratio)) for ratio in (0.75, 1.0, 1.25)]
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
