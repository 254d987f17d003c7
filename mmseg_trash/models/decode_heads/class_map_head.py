"""The head that trains SeMask's class maps."""

from collections.abc import Sequence
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class ClassMapHead(BaseDecodeHead):
    """Sum of class maps, without parameters (SeMask, arXiv:2112.12782, section 3).

    The lightweight decoder of the paper: what the backbone's semantic layers say about
    the classes is resized to the largest map and added. As an ``auxiliary_head`` it
    trains these layers and costs nothing at inference; its losses are a list like any
    head's.

    Args:
        num_classes: Number of classes, and of each map's channels.
        in_index: Which of the backbone's outputs are class maps, the largest first.
        **kwargs: The parent's arguments on losses and resizing.
    """

    def __init__(
        self,
        num_classes: int,
        in_index: Sequence[int] = (4, 5, 6, 7),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            in_channels=[num_classes] * len(in_index),
            in_index=list(in_index),
            input_transform='multiple_select',
            channels=num_classes,
            num_classes=num_classes,
            dropout_ratio=0,
            init_cfg=None,
            **kwargs,
        )
        del self.conv_seg

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Add the class maps.

        Args:
            inputs: The backbone's outputs, NCHW.

        Returns:
            Logits in the size of the largest map, (B, num_classes, h, w).
        """
        largest, *others = self._transform_inputs(inputs)
        logits: Tensor = largest
        for other in others:
            logits = logits + resize(
                other,
                size=largest.shape[2:],
                mode='bilinear',
                align_corners=self.align_corners,
            )
        return logits
