# Photographs of TACO and TrashNet together, as tools/data/join.py lays them out: what
# the model that ships was trained on. Tested larger than trained, as demo_224x224.
_base_ = './taco_512x512.py'

data_root = '{{$TRASH_DATA_ROOT:work_dirs/photos}}'

crop_size = (256, 256)
data_preprocessor = dict(size=crop_size)
base_scale = (1024, 256)
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

test_scale = (1536, 384)
resize_pipeline = [
    dict(type='Resize', scale=test_scale, keep_ratio=True),
    dict(type='ResizeToMultiple', size_divisor=32),
]
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
tta_scales = [(int(1536 * ratio), int(384 * ratio)) for ratio in (0.75, 1.0, 1.25)]
tta_pipeline = [
    dict(type='LoadTrashImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=s, keep_ratio=True) for s in tta_scales],
            [dict(type='ResizeToMultiple', size_divisor=32)],
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
val_dataloader = dict(
    num_workers=1, dataset=dict(data_root=data_root, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
predict_dataset = dict(data_root=data_root, pipeline=predict_pipeline)
