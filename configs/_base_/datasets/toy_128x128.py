# Drawn scenes of tools/data/make_toy.py, 512x512 on disk, a quarter of that here:
# minutes on a CPU.
dataset_type = 'TrashDataset'
data_root = '{{$TRASH_DATA_ROOT:work_dirs/toy_data}}'
# '' is the split of train.json and val.json; 'k' reads train_all.json by the lists that
# tools/data/make_folds.py wrote. A fold is data, not recipe: no config names one.
# mmengine knows no empty default, hence 'none'.
fold = '{{$FOLD:none}}'.removeprefix('none')
train_file = 'train_all.json' if fold else 'train.json'
val_file = 'train_all.json' if fold else 'val.json'
train_subset = f'folds/fold{fold}_train.txt' if fold else ''
val_subset = f'folds/fold{fold}_val.txt' if fold else ''

crop_size = (128, 128)
# Mean and deviation of ImageNet, which the pretrained backbones have seen.
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
    size=crop_size,
)

meta_keys = (
    'sample_idx',
    'file_name',
    'img_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'flip',
    'flip_direction',
    'reduce_zero_label',
)
# Whole scenes, sides times .8 to 1.25: a short training from scratch has no time for
# the wider range of the photographs' recipes.
base_scale = (512, 128)
load_pipeline = [dict(type='LoadTrashImage'), dict(type='LoadLabelMap')]
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
pack_pipeline = [dict(type='FastPackSegInputs', meta_keys=meta_keys)]
train_pipeline = [*load_pipeline, *augment_pipeline, *pack_pipeline]

# Labels are loaded after the resize: scores count at the photograph's own size.
resize_pipeline = [dict(type='Resize', scale=base_scale, keep_ratio=True)]
test_pipeline = [
    dict(type='LoadTrashImage'),
    *resize_pipeline,
    dict(type='LoadLabelMap'),
    *pack_pipeline,
]
predict_pipeline = [dict(type='LoadTrashImage'), *resize_pipeline, *pack_pipeline]
# Six views: three scales, each also mirrored.
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
            pack_pipeline,
        ],
    ),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file=train_file,
        subset=train_subset,
        pipeline=train_pipeline,
    ),
)
# One image at a time: photographs may differ in size.
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file=val_file,
        subset=val_subset,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='TrashIoUMetric')
test_evaluator = val_evaluator

# The images to hand in; test.json has no annotations, so that nothing scores them.
predict_dataset = dict(
    type=dataset_type,
    data_root=data_root,
    ann_file='test.json',
    pipeline=predict_pipeline,
    test_mode=True,
)
