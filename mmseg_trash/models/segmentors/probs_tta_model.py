"""Test-time augmentation that keeps what it has averaged."""

from typing import Any

import torch
from mmengine.structures import PixelData
from mmseg.models.segmentors import SegTTAModel
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import nn


@MODELS.register_module()
class ProbsTTAModel(SegTTAModel):
    """Average class probabilities over the views of each image.

    Differs from the parent in that the average stays in the sample: as ``seg_probs``,
    (C, H, W) float32, summing to 1, and under ``seg_logits`` as its logarithm, so that
    a softmax of it gives the average back. The parent keeps the last view's logits.

    Args:
        outputs: ``'logits'`` if the segmentor's ``seg_logits`` hold logits, ``'probs'``
            if they hold probabilities already; None asks the decode head, whose
            attribute ``output`` may say so (heads that classify masks have it).
        **kwargs: The parent's arguments.

    Raises:
        ValueError: ``outputs`` is neither of the two.
    """

    # keeps log(0) finite; below every probability that float32's softmax tells from 0
    tiny = torch.finfo(torch.float32).tiny

    def __init__(self, outputs: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        head = getattr(self.module, 'decode_head', None)
        head = head[-1] if isinstance(head, nn.ModuleList) else head  # of a cascade
        self.outputs = outputs or getattr(head, 'output', 'logits')
        if self.outputs not in ('logits', 'probs'):
            raise ValueError(f"outputs must be 'logits' or 'probs', got {outputs!r}")

    def merge_preds(self, data_samples_list: list[SampleList]) -> SampleList:
        """Merge the views of each image.

        Args:
            data_samples_list: For each image the samples of its views, with
                ``seg_logits`` of (C, H, W) at the original size, flips undone.

        Returns:
            One sample per image with ``pred_sem_seg`` (1, H, W), ``seg_probs``,
            ``seg_logits``, the truth if there is one, and the image's meta data.

        Raises:
            ValueError: A segmentor with a single (sigmoid) output channel.
        """
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: SampleList) -> SegDataSample:
        merged = views[0]
        probs = self._probs(views[0].seg_logits.data)
        for view in views[1:]:
            probs = probs + self._probs(view.seg_logits.data)
        probs = probs / len(views)
        merged.seg_probs = PixelData(data=probs)
        merged.seg_logits = PixelData(data=probs.clamp_min(self.tiny).log())
        merged.pred_sem_seg = PixelData(data=probs.argmax(dim=0, keepdim=True))
        return merged

    def _probs(self, output: torch.Tensor) -> torch.Tensor:
        if output.shape[0] == 1:
            raise ValueError('one output channel: averages need a channel per class')
        output = output.float()
        return output.softmax(dim=0) if self.outputs == 'logits' else output
