"""The three mIoUs in use and the IoU of trash, from one small matrix per image."""

import math
import os
import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dist import get_rank
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmseg.registry import METRICS

from ..errors import DataError
from ..metainfo import IGNORE_INDEX, background_label
from . import report
from .confusion import (
    Counts,
    accuracy_from_confusion,
    confusion_matrices,
    iou_from_confusion,
    mean_of_finite,
    miou_batch,
    miou_global,
    miou_image,
    trash_iou,
)
from .padding import BatchCounts, join_batches

KINDS = ('global', 'image', 'batch')
_KEY_FIELDS = ('sample_idx', 'img_path', 'file_name')


@METRICS.register_module()
class TrashIoUMetric(BaseMetric):
    """mIoU as ``global``, ``image`` and ``batch``, at full size and resized.

    ``global`` is mmseg's IoUMetric. ``image`` is the mean over the images of each one's
    mean over its present classes, ``batch`` the same over the batches of the loader.
    Classes in neither truth nor prediction are left out of a mean, a class that is only
    predicted counts 0, and the background counts.

    ``trash_IoU`` is that of all objects together against the background, over the set,
    as surveys of litter ask for it: a bottle taken for a bag is right, one that is
    overlooked is not. It comes with ``global``, and only where a class is called
    ``Background`` (see :func:`~mmseg_trash.metainfo.background_label`).

    Distributed runs give the numbers of one process: samples that the sampler repeated
    to even out the ranks count once. They are known by ``sample_idx``, ``img_path`` and
    ``file_name`` of the data sample, as far as it has them, and count in the batch in
    which the sampler dealt them first. The batches of ``batch`` are those of the ranks,
    so that this kind, and no other, depends on how the loaders cut the set.

    Keys: ``mIoU``, ``mAcc``, ``aAcc``, ``IoU_<class>``, ``mIoU_image``, ``mIoU_batch``,
    ``trash_IoU`` and, resized, ``mIoU_<size>``, ``mIoU_image_<size>``,
    ``mIoU_batch_<size>``, ``trash_IoU_<size>``; percent, rounded to two decimals.

    Args:
        size: Side of the square to which both maps are resized (nearest) for the second
            set of scores; None for full size alone.
        kinds: Which of ``global``, ``image`` and ``batch`` to report.
        ignore_index: True label of the pixels to leave out.
        confusion_file: Where to write the confusion matrix, ``.npz`` or ``.csv``.
        collect_device: ``gpu`` collects through the process group, gloo too; ``cpu``
            through files in a folder that all ranks share.
        prefix: Goes before the keys, with a slash.

    Attributes:
        confusion: The matrix of the last evaluation, full size, on the main process.
    """

    def __init__(
        self,
        size: int | None = 256,
        kinds: Sequence[str] = KINDS,
        ignore_index: int = IGNORE_INDEX,
        confusion_file: str | os.PathLike[str] | None = None,
        collect_device: str = 'gpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if size is not None and size < 1:
            raise ValueError(f'size must be at least 1 or None, got {size}')
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            raise ValueError(f'kinds must be some of {KINDS}, got {tuple(kinds)}')
        if confusion_file is not None:
            report.check_confusion_path(confusion_file)
        self._sizes = (None,) if size is None else (None, size)
        self.kinds = tuple(kinds)
        self.ignore_index = ignore_index
        self.confusion_file = confusion_file
        self.confusion: Counts | None = None
        self._processed = 0
        self._dataset_size: int | None = None

    def process(self, data_batch: Any, data_samples: Sequence[Mapping]) -> None:
        """Count a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_sem_seg`` and ``gt_sem_seg``, each with
                ``data`` of the shape 1 x H x W.

        Raises:
            DataError: A sample has no truth, or its maps are wrong; names the sample.
        """
        if not self.results:
            self._processed = 0
        matrices = [self._count(sample) for sample in data_samples]
        keys = [_key_of(sample) for sample in data_samples]
        self.results.append(
            BatchCounts(get_rank(), self._processed, keys, np.stack(matrices))
        )
        self._processed += len(keys)

    def evaluate(self, size: int) -> dict[str, float]:
        """Collect the ranks' batches and compute the metrics.

        Args:
            size: Number of samples of the data set; what goes beyond it is padding.

        Returns:
            The metrics, the same on every rank.
        """
        self._dataset_size = size
        # The parent would trim the list to the size; ours holds batches, not samples.
        return dict(super().evaluate(sys.maxsize))

    def compute_metrics(self, results: list[BatchCounts]) -> dict[str, float]:
        """Compute the metrics from the batches of all ranks."""
        classes = self._classes
        matrices, batches = join_batches(results, self._dataset_size)
        if not len(matrices):
            shape = (0, len(self._sizes), len(classes), len(classes))
            matrices = np.zeros(shape, dtype=np.int64)
        self.confusion = matrices[:, 0].sum(0)
        background = background_label(classes)
        metrics: dict[str, float] = {}
        for index, size in enumerate(self._sizes):
            suffix = '' if size is None else f'_{size}'
            sized = matrices[:, index]
            if 'global' in self.kinds:
                metrics[f'mIoU{suffix}'] = _percent(miou_global(sized))
            if 'image' in self.kinds:
                metrics[f'mIoU_image{suffix}'] = _percent(miou_image(sized))
            if 'batch' in self.kinds:
                metrics[f'mIoU_batch{suffix}'] = _percent(miou_batch(sized, batches))
            if 'global' in self.kinds and background is not None:
                metrics[f'trash_IoU{suffix}'] = _percent(trash_iou(sized, background))
        if 'global' in self.kinds:
            metrics.update(_pixel_metrics(self.confusion, classes))
        logger = MMLogger.get_current_instance()
        print_log(f'\n{report.class_table(self.confusion, classes)}', logger=logger)
        print_log(f'\n{report.miou_table(metrics)}', logger=logger)
        if self.confusion_file is not None:
            report.write_confusion(self.confusion, classes, self.confusion_file)
        return metrics

    @property
    def _classes(self) -> Sequence[str]:
        """Names of the classes from the data set's meta information."""
        if not self.dataset_meta or 'classes' not in self.dataset_meta:
            raise ValueError(
                f"dataset_meta must name the 'classes', got {self.dataset_meta}"
            )
        return self.dataset_meta['classes']

    def _count(self, sample: Mapping) -> Counts:
        """Count one sample at each size."""
        where = sample.get('img_path') or sample.get('file_name') or 'a sample'
        if 'gt_sem_seg' not in sample:
            raise DataError(
                f'{where} has no label map: evaluate on a split with annotations'
            )
        pred = _last_two(sample['pred_sem_seg']['data'])
        label = _last_two(sample['gt_sem_seg']['data'])
        try:
            return confusion_matrices(
                pred, label, len(self._classes), self.ignore_index, self._sizes
            )
        except ValueError as error:
            raise DataError(f'{where}: {error}') from None


def _key_of(sample: Mapping) -> Hashable:
    """Identify a sample, None if nothing does."""
    key = tuple(sample.get(field) for field in _KEY_FIELDS)
    return None if all(part is None for part in key) else key


def _last_two(data: Any) -> Any:
    """Drop the leading axes of length 1 of a label map."""
    return data.reshape(data.shape[-2:])


def _pixel_metrics(confusion: Counts, classes: Sequence[str]) -> dict[str, float]:
    """Compute mean and pixel accuracy and the IoU of each class, in percent."""
    found = float(mean_of_finite(accuracy_from_confusion(confusion)))
    total = int(confusion.sum())
    metrics = {
        'mAcc': _percent(found),
        'aAcc': _percent(int(np.trace(confusion)) / total if total else math.nan),
    }
    for name, iou in zip(classes, iou_from_confusion(confusion).tolist()):
        metrics[f'IoU_{name.replace(" ", "_")}'] = _percent(iou)
    return metrics


def _percent(share: float) -> float:
    """Turn a share into percent with two decimals, as stock IoUMetric does."""
    return round(share * 100, 2)
