# MaskDINO (Li et al. 2023, arXiv:2206.02777) on ResNet-50 (He et al. 2016), with the
# authors' numbers for semantic segmentation of ADE20K; the head's defaults are these.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='ResNet',
        depth=50,
        style='pytorch',
        # Norms keep ImageNet's statistics and scales, as the authors freeze them.
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        # A frozen norm of scale 0 would cut the branch off in a run from scratch.
        zero_init_residual=False,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    decode_head=dict(
        type='MaskDINOHead',
        in_channels=[256, 512, 1024, 2048],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
        denoising_queries=100,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
