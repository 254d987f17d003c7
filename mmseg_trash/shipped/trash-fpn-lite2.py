# trash-fpn-lite2: written by tools/publish_model.py, complete in itself.
default_scope = 'mmseg'
custom_imports = dict(
    imports=[
        'mmseg_trash.datasets',
        'mmseg_trash.transforms',
        'mmseg_trash.losses',
        'mmseg_trash.metrics',
        'mmseg_trash.models',
        'mmseg_trash.hooks',
        'mmseg_trash.loops',
        'mmseg_trash.optim_wrappers',
        'mmseg_trash.vis_backends',
        'mmseg_trash.optimizers',
    ],
    allow_failed_imports=False,
)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
sync_bn = 'torch'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
visualizer = dict(
    type='SegLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
)
log_level = 'INFO'
log_processor = dict(by_epoch=False)
randomness = dict(seed=42)
crop_size = (256, 256)
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[127.0, 127.0, 127.0],
    std=[128.0, 128.0, 128.0],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
    size=(256, 256),
)
model = dict(
    type='EncoderDecoder',
    backbone=dict(type='SMPEncoder', name='tu-tf_efficientnet_lite2'),
    decode_head=dict(
        type='SMPHead',
        arch='fpn',
        in_channels=[3, 16, 24, 48, 120, 352],
        num_classes=11,
        align_corners=False,
        loss_decode=[dict(type='CrossEntropyLoss', loss_weight=1.0)],
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
predict_dataset = dict(
    type='TrashDataset',
    data_root='{{$TRASH_DATA_ROOT:data/trash}}',
    ann_file='test.json',
    pipeline=[
        dict(type='LoadTrashImage'),
        dict(type='Resize', scale=(1536, 384), keep_ratio=True),
        dict(type='ResizeToMultiple', size_divisor=32),
        dict(
            type='FastPackSegInputs',
            meta_keys=(
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
            ),
        ),
    ],
    test_mode=True,
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='TrashDataset',
        data_root='{{$TRASH_DATA_ROOT:data/trash}}',
        ann_file='val.json',
        subset='',
        pipeline=[
            dict(type='LoadTrashImage'),
            dict(type='Resize', scale=(1536, 384), keep_ratio=True),
            dict(type='ResizeToMultiple', size_divisor=32),
            dict(type='LoadLabelMap'),
            dict(
                type='FastPackSegInputs',
                meta_keys=(
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
                ),
            ),
        ],
        test_mode=True,
    ),
)
test_evaluator = dict(type='TrashIoUMetric')
test_cfg = dict(type='MixedSizeTestLoop')
val_dataloader = test_dataloader
val_evaluator = test_evaluator
val_cfg = dict(type='MixedSizeValLoop')
tta_model = dict(type='ProbsTTAModel')
tta_pipeline = [
    dict(type='LoadTrashImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale=(1152, 288), keep_ratio=True),
                dict(type='Resize', scale=(1536, 384), keep_ratio=True),
                dict(type='Resize', scale=(1920, 480), keep_ratio=True),
            ],
            [dict(type='ResizeToMultiple', size_divisor=32)],
            [
                dict(type='FastRandomFlip', prob=0.0, direction='horizontal'),
                dict(type='FastRandomFlip', prob=1.0, direction='horizontal'),
            ],
            [dict(type='LoadLabelMap')],
            [
                dict(
                    type='FastPackSegInputs',
                    meta_keys=(
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
                    ),
                ),
            ],
        ],
    ),
]
