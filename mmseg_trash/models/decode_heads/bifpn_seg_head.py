"""The head of EfficientDet for segmentation."""

from collections.abc import Sequence
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..layers.weighted_fusion import separable_conv


@MODELS.register_module()
class BiFPNSegHead(BaseDecodeHead):
    """Separable convolutions on the finest map of BiFPN.

    Section 5.2 of EfficientDet (Tan et al. 2020, arXiv:1911.09070) classifies pixels
    from P2 alone, by the layers of its class head: separable 3x3 convolution, norm,
    swish. The classifier is mmseg's 1x1 convolution; losses are mmseg's list.

    Args:
        in_channels: Channels of the map.
        channels: Channels of the convolutions.
        num_convs: How many there are.
        in_index: Which of the neck's maps is used.
        dropout_ratio: Dropout before the classifier.
        kwargs: :class:`BaseDecodeHead`'s, ``num_classes`` and ``loss_decode`` among
            them.

    Raises:
        ValueError: ``num_convs`` is less than 1.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        num_convs: int = 3,
        in_index: int = 0,
        dropout_ratio: float = 0.1,
        **kwargs: Any,
    ) -> None:
        if num_convs < 1:
            raise ValueError(f'num_convs must be positive, got {num_convs}')
        super().__init__(
            in_channels,
            channels,
            in_index=in_index,
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        layers: list[nn.Module] = []
        for i in range(num_convs):
            width = in_channels if i == 0 else channels
            layers += [separable_conv(width, channels), nn.SiLU()]
        self.convs = nn.Sequential(*layers)

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Compute the logits, (B, classes, h, w), at the size of the map used."""
        logits: Tensor = self.cls_seg(self.convs(self._transform_inputs(inputs)))
        return logits
