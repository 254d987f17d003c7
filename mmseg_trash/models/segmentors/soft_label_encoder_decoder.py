"""An encoder-decoder that learns from probabilities where there are some."""

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor

from ...errors import ConfigError
from ...metainfo import IGNORE_INDEX


@MODELS.register_module()
class SoftLabelEncoderDecoder(EncoderDecoder):
    """Teach images with ``gt_probs`` by these, all others by their label map.

    The loss on probabilities stands beside those of the decode head, each a mean over
    its own pixels; the head's own losses and the auxiliary head see no pixel that has
    probabilities. For heads that give logits per pixel; those that classify masks take
    label maps alone. Weights are named as the parent's.

    Args:
        soft_loss: A loss over logits, (N, C, H, W), and probabilities of that shape;
            None is ``SoftCrossEntropyLoss`` without smoothing.
        kwargs: The parent's arguments.

    Raises:
        ConfigError: The decode head classifies masks.
    """

    def __init__(
        self,
        soft_loss: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if getattr(self.decode_head, 'output', 'logits') == 'probs':
            raise ConfigError(
                'SoftLabelEncoderDecoder needs a head with logits per pixel, got '
                f'{type(self.decode_head).__name__}'
            )
        plain = dict(type='SoftCrossEntropyLoss', label_smoothing=0.0)
        self.soft_loss = MODELS.build(soft_loss or plain)

    def _decode_head_forward_train(
        self, inputs: list[Tensor], data_samples: SampleList
    ) -> dict[str, Tensor]:
        targets = self._targets(data_samples)
        losses: dict[str, Tensor]
        if targets is None:
            losses = super()._decode_head_forward_train(inputs, data_samples)
            return losses
        logits = self.decode_head(inputs)
        found = self.decode_head.loss_by_feat(logits, data_samples)
        losses = {f'decode.{name}': value for name, value in found.items()}
        logits = F.interpolate(
            logits,
            targets.shape[-2:],
            mode='bilinear',
            align_corners=self.decode_head.align_corners,
        )
        losses['decode.loss_soft'] = self.soft_loss(logits, targets)
        return losses

    def _targets(self, data_samples: SampleList) -> Tensor | None:
        """Return (N, C, H, W), 0 where there is none, None without any.

        The label maps become ignored where there are probabilities.
        """
        given = [s.gt_probs.data if 'gt_probs' in s else None for s in data_samples]
        first = next((probs for probs in given if probs is not None), None)
        if first is None:
            return None
        height, width = data_samples[0].gt_sem_seg.data.shape[-2:]
        targets = torch.zeros(
            (len(given), len(first), height, width), device=first.device
        )
        for target, probs, sample in zip(targets, given, data_samples):
            if probs is None:
                continue
            target[:, : probs.shape[-2], : probs.shape[-1]] = probs
            has = target.sum(0, keepdim=True) > 0
            label = sample.gt_sem_seg.data.masked_fill(has, IGNORE_INDEX)
            sample.gt_sem_seg = PixelData(data=label)
        total = targets.sum(1, keepdim=True)
        return targets / torch.where(total > 0, total, 1)
