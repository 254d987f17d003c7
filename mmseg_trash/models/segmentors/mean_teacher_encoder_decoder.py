"""An encoder-decoder that also learns from what its teacher says of further images."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor, nn

from ...errors import ConfigError
from ...metainfo import CLASSES, IGNORE_INDEX
from ...pseudo.rules import BELOW, thresholds
from ..data_preprocessors import BatchClassMix


@MODELS.register_module()
class MeanTeacherEncoderDecoder(EncoderDecoder):
    """Add the loss of mixed, unlabelled images to the parent's.

    After Olsson et al., "ClassMix: Segmentation-Based Data Augmentation for
    Semi-Supervised Learning", WACV 2021, arXiv:2007.07936, section 3: a teacher, whose
    weights are a moving average of this model's, predicts unlabelled images; half of
    the classes of each are pasted over the one before it, predictions likewise; the
    losses of all heads on the result, against the predicted labels, count by the share
    of the batch's pixels that are predicted with confidence. Different from the paper,
    the teacher predicts in evaluation mode, and pixels may be left out by the rule of
    the offline pseudo labels.

    Without unlabelled images, and in evaluation, it is the parent; its weights are
    named as the parent's. ``PseudoLabelHook`` gives it images and teacher.

    Args:
        threshold: Probability from which a pixel is confident; the paper has .968.
        of_classes: Class name -> its own threshold.
        below: What pixels that are not confident become: ``'keep'`` their prediction,
            as in the paper, ``'ignore'`` or ``'background'``.
        unlabelled_weight: Factor on the loss besides the share.
        classes: Names of the labels.
        kwargs: The parent's arguments.

    Raises:
        ConfigError: An argument is out of its range.
    """

    def __init__(
        self,
        threshold: float = 0.968,
        of_classes: Mapping[str, float] | None = None,
        below: str = 'keep',
        unlabelled_weight: float = 1.0,
        classes: tuple[str, ...] = CLASSES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if below not in BELOW:
            raise ConfigError(f'below must be one of {BELOW}, got {below!r}')
        if not unlabelled_weight >= 0:
            raise ConfigError(f'unlabelled_weight: expected >= 0, {unlabelled_weight}')
        limits = torch.from_numpy(thresholds(threshold, of_classes or {}, classes))
        self.register_buffer('limits', limits, persistent=False)
        self.below = below
        self.unlabelled_weight = unlabelled_weight
        self.mix = BatchClassMix(prob=1.0, background=True, classes=tuple(classes))
        self._waiting: tuple[dict[str, Any], Any, float] | None = None

    def give(self, batch: dict[str, Any], teacher: nn.Module, factor: float) -> None:
        """Hand over unlabelled images for the next call of :meth:`loss`.

        Args:
            batch: ``inputs`` and ``data_samples``, as a loader gives them.
            teacher: A model of this type in evaluation mode.
            factor: On the loss of these images, from 0 to 1.
        """
        self._waiting = batch, teacher, factor

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Any]:
        """Compute the losses of labelled images, and of those that were handed over.

        Args:
            inputs: (N, 3, H, W).
            data_samples: N samples with ``gt_sem_seg``.

        Returns:
            The parent's losses; with unlabelled images also theirs, named
            ``unlabelled.…``, and ``unlabelled.share``, which is only for the log.
        """
        losses: dict[str, Any] = super().loss(inputs, data_samples)
        if self._waiting is None:
            return losses
        batch, teacher, factor = self._waiting
        self._waiting = None
        images, samples, share = self.label(batch, teacher)
        images, samples = self.mix(images, samples)
        weight = self.unlabelled_weight * factor * share
        further: dict[str, Any] = super().loss(images, samples)
        for name, value in further.items():
            if 'loss' in name:
                listed = isinstance(value, list)
                weighted = [v * weight for v in value] if listed else value * weight
                losses[f'unlabelled.{name}'] = weighted
        losses['unlabelled.share'] = share
        return losses

    @torch.no_grad()
    def label(
        self, batch: dict[str, Any], teacher: Any
    ) -> tuple[Tensor, SampleList, Tensor]:
        """Let the teacher label images.

        Args:
            batch: See :meth:`give`.
            teacher: See :meth:`give`.

        Returns:
            Images (N, 3, H, W), ready for the network; N samples with ``gt_sem_seg``;
            the share of the pixels that are confident, a scalar. Padding is ignored
            and counts as no pixel.
        """
        for image, sample in zip(batch['inputs'], batch['data_samples']):
            blank = torch.zeros((1, *image.shape[1:]), dtype=torch.int64)
            sample.gt_sem_seg = PixelData(data=blank)
        data = self.data_preprocessor(batch, True)
        inputs, samples = data['inputs'], data['data_samples']
        size = tuple(inputs.shape[-2:])
        meta = dict(ori_shape=size, img_shape=size, pad_shape=size)
        output = teacher.encode_decode(inputs, [meta] * len(samples)).float()
        if output.shape[-2:] != inputs.shape[-2:]:
            output = F.interpolate(output, size, mode='bilinear')
        is_probs = getattr(teacher.decode_head, 'output', 'logits') == 'probs'
        probs = output if is_probs else output.softmax(1)
        confidence, label = probs.max(1)
        confident = confidence >= self.limits[label]
        if self.below != 'keep':
            value = IGNORE_INDEX if self.below == 'ignore' else 0
            label = torch.where(confident, label, value)
        padded = torch.stack([s.gt_sem_seg.data[0] for s in samples]) == IGNORE_INDEX
        label = label.masked_fill(padded, IGNORE_INDEX)
        for sample, found in zip(samples, label):
            sample.gt_sem_seg = PixelData(data=found[None])
        share = (confident & ~padded).sum() / (~padded).sum().clamp(min=1)
        return inputs, samples, share
