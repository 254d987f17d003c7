"""SegFormer's head as the paper has it."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class SegformerMLPHead(BaseDecodeHead):
    """All-MLP decoder of SegFormer (Xie et al. 2021, arXiv:2105.15203, equation 4).

    A linear layer per map, bilinear resizing to the largest map, a linear layer with
    norm and ReLU over all of them, the classifier. mmseg's ``SegformerHead`` has a norm
    and a ReLU after each of the first layers too, so that the authors' weights do not
    fit it. Written from the paper; the authors' code is for non-commercial use.

    Nothing but resizing stands between the two linear layers, and its weights sum to
    1: they are one layer here, applied to each map in its own size. The result is the
    same up to rounding, without the map of 4 x ``channels``; for b2 at 512x512 with 2.3
    instead of 40.4 GMAC.

    Args:
        channels: Width C; the paper's is 256 in b0 and b1, 768 from b2 on.
        **kwargs: The parent's arguments. ``in_channels`` and ``in_index`` are lists,
            the largest map first; ``norm_cfg`` is the norm of the fusion.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_transform='multiple_select', **kwargs)
        self.projections = nn.ModuleList(
            nn.Linear(width, self.channels) for width in self.in_channels
        )
        # Its columns belong to the deepest map first, as in the authors' weights.
        self.fusion_conv = ConvModule(
            self.channels * len(self.in_channels),
            self.channels,
            kernel_size=1,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Classify the pixels of the largest map.

        Args:
            inputs: The backbone's maps, NCHW.

        Returns:
            Logits in the size of the largest map, (B, num_classes, h, w).
        """
        maps = self._transform_inputs(inputs)
        fusion = self.fusion_conv
        weights = fusion.conv.weight.flatten(1).split(self.channels, dim=1)
        total: Tensor | None = fusion.conv.bias
        total = None if total is None else total[:, None, None]
        for x, linear, weight in zip(maps, self.projections, reversed(weights)):
            x = F.conv2d(
                x, (weight @ linear.weight)[..., None, None], weight @ linear.bias
            )
            x = resize(
                x,
                size=maps[0].shape[2:],
                mode='bilinear',
                align_corners=self.align_corners,
            )
            total = x if total is None else total + x
        if fusion.with_norm:
            total = fusion.norm(total)
        if fusion.with_activation:
            total = fusion.activate(total)
        return self.cls_seg(total)
