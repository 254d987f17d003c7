"""A linear map of each token."""

from typing import Any

from mmcv.cnn import build_norm_layer
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class LinearHead(BaseDecodeHead):
    """Batch norm and a 1x1 convolution, DINOv2's head for frozen backbones.

    Oquab et al. 2023, arXiv:2304.07193, section 7.4. mmseg's ``FCNHead`` without
    convolutions has no norm.

    Args:
        in_channels: Channels of the map, or of each map.
        in_index: Which of the backbone's maps; several are stacked.
        **kwargs: :class:`BaseDecodeHead`'s, but ``channels`` and ``input_transform``,
            which follow from ``in_channels``.
    """

    def __init__(self, in_channels: int | list[int], **kwargs: Any) -> None:
        several = not isinstance(in_channels, int)
        super().__init__(
            in_channels=in_channels,
            channels=sum(in_channels) if several else in_channels,  # type: ignore
            input_transform='resize_concat' if several else None,
            **kwargs,
        )
        self.norm = build_norm_layer(self.norm_cfg or dict(type='BN'), self.channels)[1]

    def forward(self, inputs: list[Tensor]) -> Tensor:
        """Return the logits, (B, classes, h, w), of the backbone's maps, NCHW."""
        logits: Tensor = self.cls_seg(self.norm(self._transform_inputs(inputs)))
        return logits
