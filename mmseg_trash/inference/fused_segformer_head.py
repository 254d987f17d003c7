"""mmseg's SegFormer head with two thirds of its multiplications left out."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models import SegformerHead
from mmseg.models.utils import resize
from torch import Tensor, nn


class FusedSegformerHead(nn.Module):
    """Predict what a trained ``SegformerHead`` predicts, in a third of the work.

    The head resizes four maps to the largest one, stacks them, and applies a 1x1
    convolution. Resizing takes weighted means over places and the convolution over
    channels, so that they can change places: here each map meets its columns of the
    convolution in its own size, and the results are resized and added. The norm behind
    is part of the columns. For 512x512 and 256 channels 1.4 instead of 4.3 GMAC; equal
    up to rounding.

    Args:
        head: The head, in evaluation mode; it is kept, not changed.

    Raises:
        ValueError: Its norm has no running statistics, or its kind is another.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, head: SegformerHead) -> None:
        super().__init__()
        norm = head.fusion_conv.norm if head.fusion_conv.with_norm else None
        if (
            not isinstance(norm, nn.BatchNorm2d)
            or norm.running_var is None
            or norm.running_mean is None
        ):
            raise ValueError(f'expected a BatchNorm2d behind the fusion, got {norm}')
        self.head = head
        with torch.no_grad():
            factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weight = head.fusion_conv.conv.weight * factor[:, None, None, None]
            bias = norm.bias - norm.running_mean * factor
            if head.fusion_conv.conv.bias is not None:
                bias = bias + factor * head.fusion_conv.conv.bias
        self.register_buffer('weight', weight.detach(), persistent=False)
        self.register_buffer('bias', bias.detach(), persistent=False)

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Classify the pixels of the largest map.

        Args:
            inputs: The backbone's maps, NCHW.

        Returns:
            Logits in the size of the largest map, (B, num_classes, h, w).
        """
        head = self.head
        maps = head._transform_inputs(inputs)
        columns = self.weight.split(head.channels, dim=1)
        total: Tensor | None = None
        for place, (x, conv, column) in enumerate(zip(maps, head.convs, columns)):
            x = F.conv2d(conv(x), column, None if place else self.bias)
            x = resize(
                x,
                size=maps[0].shape[2:],
                mode=head.interpolate_mode,
                align_corners=head.align_corners,
            )
            total = x if total is None else total.add_(x)
        return head.cls_seg(head.fusion_conv.activate(total))

    def predict(self, inputs: Sequence[Tensor], metas: list[dict], _: Any) -> Tensor:
        """Predict as ``BaseDecodeHead.predict`` does, logits in the input's size."""
        return self.head.predict_by_feat(self.forward(inputs), metas)


def fuse(model: Any) -> None:
    """Put faster heads in the place of those that have one; results stay the same."""
    head: Any = getattr(model, 'decode_head', None)
    if type(head) is SegformerHead and head.interpolate_mode == 'bilinear':
        norm = getattr(head.fusion_conv, 'norm', None)
        if isinstance(norm, nn.BatchNorm2d) and norm.running_var is not None:
            model.decode_head = FusedSegformerHead(head)
