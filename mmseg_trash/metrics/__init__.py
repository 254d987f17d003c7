"""Metrics, registered in mmseg's METRICS."""

from .recorded_iou_metric import RecordedIoUMetric
from .trash_iou_metric import TrashIoUMetric

__all__ = ['RecordedIoUMetric', 'TrashIoUMetric']
