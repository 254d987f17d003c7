"""FaPN as the pixel decoder of mask classification."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType, OptMultiConfig
from torch import Tensor

from ..layers.feature_alignment import FeatureAlignment, NormedConv2d, norm_of


@MODELS.register_module()
class PixelFANDecoder(BaseModule):
    """Pixel decoder of SeMask-FaPN-Mask2Former (Jain et al. 2021, arXiv:2112.12782).

    A feature pyramid in which each sum of a fine and an enlarged coarse map is aligned
    with the fine map (FaPN, Huang et al. 2021, arXiv:2108.07058, without its feature
    selection). Takes the place of Mask2Former's deformable attention: ``pixel_decoder=
    dict(type='PixelFANDecoder')`` of the head.

    Parameters are named as in the authors' model: level k of 4 has ``adapter_k``,
    ``align_k`` and ``layer_k``. The normalization of ``layer_k`` serves ``align_k`` too
    and stands once in the state dict (twice in theirs, as ``align_k.offset.norm``).

    Args:
        in_channels: Channels of the maps, the finest first.
        channels: Channels of the pyramid.
        mask_channels: Channels of the map that masks are made from.
        norm_cfg: Normalization of all convolutions but the last; None takes 32 groups.
        deform_groups: Groups of channels with their own offsets.
        init_cfg: mmengine's.

    Raises:
        ValueError: Fewer than three maps.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 256,
        mask_channels: int = 256,
        norm_cfg: OptConfigType = None,
        deform_groups: int = 8,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(in_channels) < 3:
            raise ValueError(f'in_channels need three maps, got {list(in_channels)}')
        norm_cfg = norm_cfg or dict(type='GN', num_groups=32)
        self.levels = len(in_channels)
        for k, width in enumerate(in_channels, start=1):
            norm = norm_of(norm_cfg, channels)
            if k == self.levels:
                layer = NormedConv2d(width, channels, 3, norm, relu=True)
            else:
                adapter = NormedConv2d(width, channels, 1, norm_of(norm_cfg, channels))
                align = FeatureAlignment(channels, deform_groups=deform_groups)
                layer = NormedConv2d(channels, channels, 3, norm, relu=True)
                self.add_module(f'adapter_{k}', adapter)
                self.add_module(f'align_{k}', align)
            self.add_module(f'layer_{k}', layer)
        self.mask_features = NormedConv2d(channels, mask_channels, 3)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Decode.

        Args:
            features: (B, C, H, W), one per entry of ``in_channels``.

        Returns:
            The map that masks are made from, (B, mask_channels, H, W) of the finest
            map's size, and the three coarsest maps of the pyramid, coarsest first, each
            of ``channels``.
        """
        x = getattr(self, f'layer_{self.levels}')(features[-1])
        maps = [x]
        for k in range(self.levels - 1, 0, -1):
            layer = getattr(self, f'layer_{k}')
            fine = getattr(self, f'adapter_{k}')(features[k - 1])
            x = fine + F.interpolate(x, fine.shape[2:], mode='nearest')
            # Registered once: optimizers refuse a parameter that two modules own.
            x = getattr(self, f'align_{k}')(fine, x, norm=layer.norm)
            x = layer(x)
            maps.append(x)
        return self.mask_features(x), maps[:3]
