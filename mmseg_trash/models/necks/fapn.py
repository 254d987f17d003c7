"""Feature-aligned pyramid network."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType, OptMultiConfig
from torch import Tensor, nn

from ..layers.feature_alignment import FeatureAlignment, NormedConv2d, norm_of


@MODELS.register_module()
class FaPN(BaseModule):
    """Feature-aligned pyramid network (Huang et al. 2021, arXiv:2108.07058).

    A feature pyramid whose coarse maps are sampled by deformable convolutions before
    they are added to finer ones, and whose fine maps choose their channels. Written
    from the paper (the authors' code: Apache-2.0); deformable convolution is
    torchvision's, or ``grid_sample`` where that is not compiled.

    Args:
        in_channels: Channels of the backbone's maps, the finest first.
        out_channels: Channels of the pyramid, a multiple of ``deform_groups``.
        norm_cfg: Normalization of all but the selection; None gives a bias instead.
        deform_groups: Groups of channels with their own offsets.
        init_cfg: mmengine's.

    Raises:
        ValueError: Fewer than two maps.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int = 256,
        norm_cfg: OptConfigType = None,
        deform_groups: int = 8,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(in_channels) < 2:
            raise ValueError(f'in_channels need two maps, got {list(in_channels)}')

        def norm() -> nn.Module | None:
            return norm_of(norm_cfg, out_channels)

        *fine, coarsest = in_channels
        self.lateral = NormedConv2d(coarsest, out_channels, 1, norm())
        self.aligns = nn.ModuleList(
            FeatureAlignment(out_channels, channels, norm(), deform_groups)
            for channels in fine
        )
        self.outputs = nn.ModuleList(
            NormedConv2d(out_channels, out_channels, 3, norm()) for _ in fine
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Build the pyramid.

        Args:
            inputs: (B, C, H, W), one per entry of ``in_channels``.

        Returns:
            (B, out_channels, H, W), of the same sizes and in the same order.

        Raises:
            ValueError: Another number of maps.
        """
        if len(inputs) != len(self.aligns) + 1:
            raise ValueError(f'got {len(inputs)} maps, not {len(self.aligns) + 1}')
        *fine, coarsest = inputs
        x = self.lateral(coarsest)
        outs = [x]
        for i in reversed(range(len(fine))):
            x = self.aligns[i](fine[i], x)
            outs.append(self.outputs[i](x))
        return tuple(reversed(outs))
