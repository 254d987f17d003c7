"""The neck that brings a shrunk transformer's map back to its first size."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptMultiConfig
from torch import Tensor, nn


@MODELS.register_module()
class QueryUpsampling(BaseModule):
    """Query-based upsampling of SegViT (Zhang et al. 2022, arXiv:2210.05844, 3.2).

    Learnable tokens, one for each place of the larger map, pass two layers of a
    transformer decoder (Vaswani et al. 2017): the first attends to the larger map from
    the lower layers, the second to the smaller one from the end of the backbone.

    Args:
        channels: Channels of the maps, and of the result.
        num_heads: Heads of the attentions.
        grid: Height and width of the table of tokens, those of the larger map at the
            training crop; other sizes are interpolated.
        dropout: Dropout in training.
        init_cfg: mmengine's.
    """

    def __init__(
        self,
        channels: int,
        num_heads: int,
        grid: Sequence[int],
        dropout: float = 0.1,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(grid) != 2 or min(grid) < 1:
            raise ValueError(f'grid must be a height and a width, got {grid}')
        self.queries = nn.Parameter(torch.empty(1, channels, *grid))
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(
                channels, num_heads, 4 * channels, dropout, batch_first=True
            )
            for _ in range(2)
        )
        nn.init.trunc_normal_(self.queries, std=0.02)
        for parameter in self.layers.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor]:
        """Join two maps.

        Args:
            inputs: The larger map, (B, C, h, w), and the smaller one, (B, C, h', w').

        Returns:
            One map, (B, C, h, w).
        """
        size = inputs[0].shape[-2:]
        queries: Tensor = self.queries
        if queries.shape[-2:] != size:
            queries = F.interpolate(queries, size, mode='bicubic', align_corners=False)
        x = queries.flatten(2).transpose(1, 2).repeat(len(inputs[0]), 1, 1)
        for layer, feature in zip(self.layers, inputs, strict=True):
            x = layer(x, feature.flatten(2).transpose(1, 2))
        return (x.transpose(1, 2).unflatten(-1, size).contiguous(),)
