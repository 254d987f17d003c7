"""Confusion matrices and their scores: pure functions over arrays and tensors."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .label_map import LabelMap, check_range, integers

AnyLabelMap = TypeVar('AnyLabelMap', np.ndarray, Tensor)
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

_BYTE = 256


def confusion_matrix(
    pred: LabelMap, label: LabelMap, num_classes: int, ignore_index: int = 255
) -> Counts:
    """Count the pixels of every pair of true and predicted class.

    Args:
        pred: Predicted label map, integers in [0, C), any shape; array or tensor.
        label: True label map of the same shape, integers in [0, C) or ``ignore_index``.
        num_classes: Number of classes C, 1 to 255.
        ignore_index: True label of the pixels to leave out.

    Returns:
        int64, C x C: rows are the truth, columns the prediction.

    Raises:
        ValueError: The shapes differ, a map does not hold integers, or a value is out
            of range; the message names it.
    """
    return confusion_matrices(pred, label, num_classes, ignore_index)[0]


def confusion_matrices(
    pred: LabelMap,
    label: LabelMap,
    num_classes: int,
    ignore_index: int = 255,
    sizes: Sequence[int | None] = (None,),
) -> Counts:
    """Count as ``confusion_matrix`` does, at several sizes with one pass over the maps.

    One ``bincount`` over ``label * C + pred`` for each size; the ignored pixels fall
    into a row of their own, which is cut off, so that nothing is gathered.

    Args:
        pred: See ``confusion_matrix``; H x W if a size is a number.
        label: See ``confusion_matrix``.
        num_classes: See ``confusion_matrix``.
        ignore_index: See ``confusion_matrix``.
        sizes: Sides of the squares to which both maps are resized by
            ``resize_nearest``; None is as they are.

    Returns:
        int64, sizes x C x C.
    """
    if not 1 <= num_classes < _BYTE:
        raise ValueError(f'num_classes must lie in 1..255, got {num_classes}')
    pred, label = integers(pred, 'prediction'), integers(label, 'label map')
    if pred.shape != label.shape:
        raise ValueError(
            f'the prediction has the shape {tuple(pred.shape)}, '
            f'the label map {tuple(label.shape)}'
        )
    expected = f'0..{num_classes - 1}'
    check_range(pred, num_classes, f'the prediction holds {{}}; expected {expected}')
    wrong_label = f'the label map holds {{}}; expected {expected} or {ignore_index}'
    label = label.to(pred.device)
    ignored_row = ignore_index
    if not 0 <= ignore_index < _BYTE:
        label = label.long()
        label = torch.where(label == ignore_index, _BYTE - 1, label)
        ignored_row = _BYTE - 1
    if label.dtype != torch.uint8:
        check_range(label, _BYTE, wrong_label)
    # 16 bits hold 255 * 127 + 126; halving the bytes that bincount reads pays on a CPU.
    small = pred.device.type == 'cpu' and num_classes < 128
    dtype = torch.int16 if small else torch.int64
    index = torch.add(pred.to(dtype), label.to(dtype), alpha=num_classes)
    counts = [
        torch.bincount(
            (index if size is None else resize_nearest(index, size)).flatten(),
            minlength=_BYTE * num_classes,
        )
        for size in sizes
    ]
    matrices = torch.stack(counts).view(-1, _BYTE, num_classes).cpu().numpy()
    matrices[:, ignored_row] = 0
    if matrices[:, num_classes:].any():
        rows = np.flatnonzero(matrices.any(axis=(0, 2)))
        raise ValueError(wrong_label.format(rows[rows >= num_classes].tolist()))
    return np.ascontiguousarray(matrices[:, :num_classes])


def resize_nearest(label: AnyLabelMap, size: int) -> AnyLabelMap:
    """Resize label maps to a square by taking the pixel at floor(i * length / size).

    From 512 to 256 that is ``label[..., ::2, ::2]``, as the competition scores.

    Args:
        label: Label maps, ... x H x W.
        size: Height and width of the result, at least 1.

    Returns:
        ... x size x size, a view where the step is a whole number.

    Raises:
        ValueError: ``size`` is below 1 or a side of ``label`` is empty.
    """
    height, width = label.shape[-2:]
    if size < 1 or not height or not width:
        raise ValueError(f'cannot resize {height}x{width} to size {size}')
    if height % size == 0 and width % size == 0:
        return label[..., :: height // size, :: width // size]
    rows = np.arange(size) * height // size
    columns = np.arange(size) * width // size
    if isinstance(label, Tensor):
        rows_, columns_ = torch.from_numpy(rows), torch.from_numpy(columns)
        return label[..., rows_[:, None].to(label.device), columns_.to(label.device)]
    return label[..., rows[:, None], columns]


def iou_from_confusion(confusion: Any) -> Floats:
    """Compute TP / (TP + FP + FN) of each class.

    Args:
        confusion: Confusion matrices, ... x C x C, rows the truth.

    Returns:
        float64, ... x C in [0, 1]; NaN where neither truth nor prediction has it.
    """
    matrix = np.asarray(confusion, dtype=np.int64)
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return _divide(hits, matrix.sum(-1) + matrix.sum(-2) - hits)


def accuracy_from_confusion(confusion: Any) -> Floats:
    """Compute TP / (TP + FN), the share of each true class that is found.

    Args:
        confusion: Confusion matrices, ... x C x C, rows the truth.

    Returns:
        float64, ... x C in [0, 1]; NaN where the truth lacks the class.
    """
    matrix = np.asarray(confusion, dtype=np.int64)
    return _divide(np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-1))


def miou_global(confusions: Any) -> float:
    """Average the IoU over the classes of one matrix over the set (mmseg's mIoU).

    Args:
        confusions: Confusion matrices of the images, N x C x C, or their sum, C x C.

    Returns:
        In [0, 1]; NaN when no pixel was counted.
    """
    return float(mean_of_finite(iou_from_confusion(_total(confusions))))


def miou_image(confusions: Any) -> float:
    """Average over the images the mean IoU of the classes present in each.

    A class is present that the truth or the prediction of the image has. Images without
    a counted pixel are left out.

    Args:
        confusions: Confusion matrices of the images, N x C x C.

    Returns:
        In [0, 1]; NaN when no pixel was counted.
    """
    return float(mean_of_finite(mean_of_finite(iou_from_confusion(confusions))))


def miou_batch(confusions: Any, batches: Sequence[int]) -> float:
    """Average over the batches the mean IoU of the classes present in each.

    Args:
        confusions: Confusion matrices of the images, N x C x C.
        batches: Number of the batch in which each image stood, N integers.

    Returns:
        In [0, 1]; NaN when no pixel was counted. It depends on the batch size.

    Raises:
        ValueError: There are not as many batch numbers as matrices.
    """
    matrix = np.asarray(confusions, dtype=np.int64)
    if len(batches) != len(matrix):
        raise ValueError(f'{len(batches)} batch numbers for {len(matrix)} matrices')
    numbers, rows = np.unique(np.asarray(batches, dtype=np.int64), return_inverse=True)
    sums = np.zeros((len(numbers), *matrix.shape[1:]), dtype=np.int64)
    np.add.at(sums, rows, matrix)
    return miou_image(sums)


def trash_iou(confusions: Any, background: int) -> float:
    """Compute the IoU of trash against background: any object, of whatever class.

    Args:
        confusions: Confusion matrices of the images, N x C x C, or their sum, C x C.
        background: Label of the background, in [0, C).

    Returns:
        In [0, 1]; NaN where neither truth nor prediction has an object.

    Raises:
        ValueError: There is no such label.
    """
    total = _total(confusions)
    if not 0 <= background < len(total):
        raise ValueError(f'background must be below {len(total)}, got {background}')
    objects = np.arange(len(total)) != background
    either = total.sum() - total[background, background]
    return float(_divide(total[np.ix_(objects, objects)].sum(), either))


def mean_of_finite(values: Floats) -> Floats:
    """Average over the last axis what is not NaN; NaN, without a warning, if all is."""
    known = ~np.isnan(values)
    return _divide(np.where(known, values, 0).sum(-1), known.sum(-1))


def _total(confusions: Any) -> Counts:
    """Sum matrices, ... x C x C, to one."""
    matrix = np.asarray(confusions, dtype=np.int64)
    return np.asarray(matrix.reshape(-1, *matrix.shape[-2:]).sum(0))


def _divide(dividend: Any, divisor: Any) -> Floats:
    """Divide, NaN where the divisor is 0."""
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.asarray(np.where(divisor == 0, np.nan, dividend / divisor))
