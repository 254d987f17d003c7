"""A perceptron of several layers."""

from itertools import pairwise

from torch import Tensor, nn


class MLP(nn.Module):
    """Linear layers with ReLU between them.

    Args:
        in_channels: Width of the input.
        channels: Width between the layers.
        out_channels: Width of the output.
        depth: Number of layers.
    """

    def __init__(
        self, in_channels: int, channels: int, out_channels: int, depth: int
    ) -> None:
        super().__init__()
        widths = [in_channels] + [channels] * (depth - 1) + [out_channels]
        self.layers = nn.ModuleList(
            nn.Linear(one, other) for one, other in pairwise(widths)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_channels) to (..., out_channels)."""
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        out: Tensor = self.layers[-1](x)
        return out
