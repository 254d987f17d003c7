# Drawn scenes of tools/data/make_toy.py, 512x512 on disk, a quarter of that here:
# minutes on a CPU. Otherwise as trash_512x512.
_base_ = './trash_512x512.py'

data_root = '{{$TRASH_DATA_ROOT:work_dirs/toy_data}}'

crop_size = (128, 128)
data_preprocessor = dict(size=crop_size)

# Whole scenes, sides times .8 to 1.25: a short training from scratch has no time for
# the wider range of the photographs' recipes.
base_scale = (512, 128)
augment_pipeline = [
    dict(
        type='FastResizeCrop',
        scale=base_scale,
        ratio_range=(0.8, 1.25),
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
tta_scales = [(int(512 * ratio), int(128 * ratio)) for ratio in (0.75, 1.0, 1.25)]
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

train_dataloader = dict(
    num_workers=2, dataset=dict(data_root=data_root, pipeline=train_pipeline)
)
# One image at a time: photographs may differ in size.
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    dataset=dict(data_root=data_root, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
predict_dataset = dict(data_root=data_root, pipeline=predict_pipeline)
