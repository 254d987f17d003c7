"""The model's losses on the validation set."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object, get_rank
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.structures import PixelData
from mmseg.models.decode_heads.knet_head import IterativeDecodeHead
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..errors import DataError
from ..metainfo import IGNORE_INDEX


@HOOKS.register_module()
class ValLossHook(Hook):
    """Add the losses of the validation images to the metrics of each evaluation.

    The metrics get ``val/loss``, the sum, and ``val/loss_<head>.<name>`` for each of
    its parts (``val/loss_decode.ce``), so that logs show them and checkpoints and early
    stopping can watch them. Every image goes through the model once more, alone, in
    evaluation mode: dropout and the like are off. Its label map is brought to the size
    that the model sees (nearest). The figure is the mean over images; images that
    several processes share count once.

    Heads that draw points draw the same ones in each evaluation, and the random numbers
    of the training stay as they were.

    Args:
        prefix: What the names begin with, before a slash.
    """

    priority = 'HIGHEST'  # before the metrics are logged

    def __init__(self, prefix: str = 'val') -> None:
        self.prefix = prefix
        self._found: dict[Any, dict[str, float]] = {}

    def before_val_epoch(self, runner: Any) -> None:
        """Forget the last evaluation."""
        self._found = {}

    def after_val_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Compute the losses of a batch's images.

        Args:
            runner: The Runner, whose model is in evaluation mode.
            batch_idx: Number of the batch.
            data_batch: ``inputs``, (C, H, W) each, of any sizes; ``data_samples``.
            outputs: Not used.

        Raises:
            DataError: An image has no label map.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        for image, sample in zip(data_batch['inputs'], data_batch['data_samples']):
            key = sample.get('sample_idx')
            if key is None:
                key = (get_rank(), len(self._found))
            self._found[key] = image_losses(model, image, sample)

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Add the means to the metrics, in place.

        Args:
            runner: The Runner.
            metrics: The metrics of the evaluation.
        """
        found: dict[Any, dict[str, float]] = {}
        for part in all_gather_object(self._found):
            found.update(part)
        if metrics is None or not found:
            return
        for name in next(iter(found.values())):
            mean = sum(losses[name] for losses in found.values()) / len(found)
            metrics[f'{self.prefix}/{_renamed(name)}'] = mean


def _renamed(name: str) -> str:
    """Turn ``decode.loss_ce`` into ``loss_decode.ce``; ``loss`` stays."""
    rest = name.replace('loss_', '').replace('loss', '').strip('._')
    return f'loss_{rest}' if rest else 'loss'


@contextmanager
def _all_stages(head: Any) -> Iterator[None]:
    """Let K-Net's head, and no layer in it, give what its loss needs."""
    was = head.training
    head.training = was or isinstance(head, IterativeDecodeHead)
    try:
        yield
    finally:
        head.training = was


@torch.no_grad()
def image_losses(model: Any, image: Tensor, sample: Any) -> dict[str, float]:
    """Compute the losses of one image, without gradients.

    Args:
        model: A segmentor with its preprocessor, in evaluation mode.
        image: (C, H, W), as the pipeline packs it.
        sample: Its ``gt_sem_seg`` has ``data`` of (1, h, w), of any size.

    Returns:
        ``loss`` and its parts, by mmseg's names.

    Raises:
        DataError: There is no ``gt_sem_seg``.
    """
    if 'gt_sem_seg' not in sample:
        where = sample.get('file_name') or sample.get('img_path') or 'an image'
        raise DataError(f'{where} has no label map, so that it has no validation loss')
    label = sample.gt_sem_seg.data
    small = F.interpolate(label[None].float(), image.shape[-2:], mode='nearest')[0]
    target = SegDataSample(metainfo=sample.metainfo)
    target.gt_sem_seg = PixelData(data=small.long())
    batch = dict(inputs=[image], data_samples=[target])
    batch = model.data_preprocessor(batch, training=False)
    inputs, (target,) = batch['inputs'], batch['data_samples']
    right, below = (inputs.shape[a] - image.shape[a] for a in (-1, -2))
    padded = F.pad(target.gt_sem_seg.data, (0, right, 0, below), value=IGNORE_INDEX)
    target.gt_sem_seg = PixelData(data=padded)
    target.set_metainfo(dict(img_shape=tuple(inputs.shape[-2:])))
    devices = [inputs.device] if inputs.is_cuda else []
    with torch.random.fork_rng(devices=devices), _all_stages(model.decode_head):
        torch.manual_seed(0)
        losses = model.loss(inputs, [target])
    _, parts = model.parse_losses(losses)
    return {name: float(value) for name, value in parts.items() if 'loss' in name}
