# TACO in the competition's layout: as trash_512x512, for photographs of many sizes.
# Their short side becomes 512; sides are rounded to multiples of 32 at test time: +.5
# to +1 mIoU for SegFormer on ADE20K, by mmseg's own table.
_base_ = './trash_512x512.py'

data_root = '{{$TRASH_DATA_ROOT:data/taco}}'

resize_pipeline = [
    dict(type='Resize', scale=_base_.base_scale, keep_ratio=True),
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
tta_pipeline = [
    dict(type='LoadTrashImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=s, keep_ratio=True) for s in _base_.tta_scales],
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

train_dataloader = dict(dataset=dict(data_root=data_root))
# One image at a time: photographs may differ in size.
val_dataloader = dict(
    batch_size=1, dataset=dict(data_root=data_root, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
predict_dataset = dict(data_root=data_root, pipeline=predict_pipeline)
