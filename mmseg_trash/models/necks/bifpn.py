"""EfficientDet's pyramid."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptMultiConfig
from torch import Tensor, nn

from ..layers.bifpn_layer import BiFPNLayer
from ..layers.weighted_fusion import halve, lateral


@MODELS.register_module()
class BiFPN(BaseModule):
    """Weighted bidirectional feature pyramid (Tan et al. 2020, arXiv:1911.09070).

    Written from the paper and the numbers of its published networks. The backbone's
    maps are extended by coarser ones and pass through layers that fuse them down and
    up. Any sizes: nothing is built for one.

    Args:
        in_channels: Channels of the backbone's maps, the finest first, each about half
            as large as the last.
        channels: Channels of the pyramid: 64, 88, 112, 160, 224, 288, 384 in D0 to D6.
        num_layers: Layers: 3, 4, 5, 6, 7, 7, 8 in D0 to D6.
        extra_levels: Coarser maps: the first from the last one by a 1x1 convolution
            and a maximum of 3x3, each further one by such a maximum.
        num_outs: How many of the finest maps are returned; all by default. The last
            layer has no sums that only the others need.
        init_cfg: mmengine's.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int,
        num_layers: int,
        extra_levels: int = 2,
        num_outs: int | None = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        if init_cfg is None:
            init_cfg = dict(type='Xavier', layer='Conv2d', distribution='uniform')
        super().__init__(init_cfg)
        if num_layers < 1 or extra_levels < 0:
            raise ValueError(
                f'num_layers must be positive and extra_levels not negative, got '
                f'{num_layers} and {extra_levels}'
            )
        self.extra_levels = extra_levels
        widths = [*in_channels, *[channels] * extra_levels]
        if extra_levels:
            self.extra = lateral(in_channels[-1], channels)
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            outs = num_outs if i == num_layers - 1 else None
            self.layers.append(BiFPNLayer(widths, channels, outs or len(widths)))
            widths = [channels] * len(widths)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse a backbone's maps.

        Args:
            inputs: (B, C_i, h_i, w_i), the finest first.

        Returns:
            ``num_outs`` maps, (B, channels, h_i, w_i); sizes of the extra ones are
            halves, rounded up.
        """
        maps = list(inputs)
        for i in range(self.extra_levels):
            maps.append(halve(self.extra(maps[-1]) if i == 0 else maps[-1]))
        for layer in self.layers:
            maps = layer(maps)
        return tuple(maps)
