# Mask2Former (Cheng et al. 2022, arXiv:2112.01527) on ConvNeXt-L (Liu et al. 2022,
# arXiv:2201.03545); the paper has no such pair, its head is as for Swin-L.
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='mmpretrain.ConvNeXt',
        arch='large',
        out_indices=[0, 1, 2, 3],
        # As ConvNeXt's own segmentation configs have them.
        drop_path_rate=0.4,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
        init_cfg=dict(
            type='Pretrained',
            # ImageNet-22k at 224.
            checkpoint='https://download.openmmlab.com/mmclassification/v0/convnext/'
            'downstream/convnext-large_3rdparty_in21k_20220301-e6e0ea0a.pth',
            prefix='backbone.',
        ),
    ),
    decode_head=dict(
        type='HFMask2FormerHead',
        in_channels=[192, 384, 768, 1536],
        in_index=[0, 1, 2, 3],
        num_classes=11,
        num_queries=100,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
