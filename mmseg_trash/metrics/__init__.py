"""Metrics, registered in mmseg's METRICS."""

from .trash_iou_metric import TrashIoUMetric

__all__ = ['TrashIoUMetric']
