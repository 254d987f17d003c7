default_scope = 'mmseg'
# The only place that imports the project: whatever loads a config can build it.
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
    # Crops have one size, so that cuDNN's search for the fastest kernel pays off.
    cudnn_benchmark=True,
    # Threads of OpenCV inside every worker would fight each other for the cores.
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
# Models name plain BN; several processes share its statistics, a single one does not.
sync_bn = 'torch'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # `interval` bounds the work that a crash can lose; the best checkpoint is written
    # after each validation, whose interval is the schedule's.
    checkpoint=dict(
        type='SafeCheckpointHook',
        by_epoch=False,
        interval=1000,
        save_best='mIoU',
        rule='greater',
        max_keep_ckpts=1,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    class_frequency=dict(type='ClassFrequencyHook'),
    trained_images=dict(type='TrainedImagesHook'),
    visualization=dict(type='SegVisualizationHook'),
)

# Several processes log the mean of their losses, as one would with the whole batch.
# A loss that is no number stops the run before a checkpoint has it.
# Four validation images go to all backends; notices to TRASH_WEBHOOK_URL, if it is set.
custom_hooks = [
    dict(type='MeanLossHook', priority='HIGHEST'),
    dict(type='NanGuardHook', priority='HIGHEST'),
    dict(type='PredictionPanelHook'),
    dict(type='NotifyHook'),
]

vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
# Without a name: the Runner gives it the run's, and no two runs of a process share one.
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends)
log_level = 'INFO'
log_processor = dict(by_epoch=False)

randomness = dict(seed=42)
load_from = None
resume = False

tta_model = dict(type='ProbsTTAModel')
