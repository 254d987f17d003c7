"""One layer of BiFPN."""

from collections.abc import Sequence

from torch import Tensor, nn

from .weighted_fusion import WeightedFusion, enlarge, lateral, shrink


class BiFPNLayer(nn.Module):
    """Down the pyramid and up again, each map weighted (arXiv:1911.09070, eq. 4).

    Args:
        in_channels: Channels of the maps, the finest first. Those that differ from
            ``channels`` are brought there by a 1x1 convolution, another one for each
            of the two sums that a map enters.
        channels: Channels of the results.
        num_outs: How many of the finest maps are wanted; sums that only the others
            need are not built.

    Raises:
        ValueError: Less than two maps, or ``num_outs`` is none of 1 to their number.
    """

    def __init__(
        self, in_channels: Sequence[int], channels: int, num_outs: int
    ) -> None:
        super().__init__()
        levels = len(in_channels)
        if levels < 2 or not 1 <= num_outs <= levels:
            raise ValueError(
                f'num_outs must be from 1 to the number of maps, at least 2; got '
                f'{num_outs} and {levels}'
            )
        self.num_outs = num_outs
        self.down_laterals = nn.ModuleList(lateral(c, channels) for c in in_channels)
        self.down = nn.ModuleList(
            WeightedFusion(channels, 2) for _ in range(levels - 1)
        )
        # The coarsest map is not fused on the way down.
        inner = range(1, min(num_outs, levels - 1))
        self.up_laterals = nn.ModuleList(
            lateral(in_channels[i], channels) for i in inner
        )
        self.up = nn.ModuleList(WeightedFusion(channels, 3) for _ in inner)
        if num_outs == levels:
            self.up.append(WeightedFusion(channels, 2))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Fuse the maps, the finest first, each about half as large as the last.

        Args:
            maps: (B, C_i, h_i, w_i).

        Returns:
            ``num_outs`` maps, (B, channels, h_i, w_i).
        """
        inputs = [conv(x) for conv, x in zip(self.down_laterals, maps)]
        down = [inputs[-1]]
        for fuse, x in zip(reversed(self.down), reversed(inputs[:-1])):
            down.insert(0, fuse([x, enlarge(down[0], x.shape[-2:])]))
        outs = [down[0]]
        for i, fuse in enumerate(self.up, 1):
            terms = [shrink(outs[-1], maps[i].shape[-2:])]
            if i < len(maps) - 1:
                terms += [self.up_laterals[i - 1](maps[i]), down[i]]
            else:
                terms.append(inputs[-1])
            outs.append(fuse(terms))
        return outs
