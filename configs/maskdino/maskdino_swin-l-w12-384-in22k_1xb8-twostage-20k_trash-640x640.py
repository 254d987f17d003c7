_base_ = './maskdino_swin-l-w12-384-in22k_1xb8-20k_trash-640x640.py'
# The authors' panoptic Swin-L of COCO, so that its weights load: 300 queries from
# the encoder with anchors around their masks, five maps, independent classes.
model = dict(
    decode_head=dict(
        num_queries=300,
        selection='encoder',
        boxes_from_masks=True,
        levels=4,
        extra_levels=1,
        finest_first=True,
        encoder_ffn=2048,
        classification='focal',
    ),
)
