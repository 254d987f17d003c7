"""Rules on objects that cover the same pixels."""

from collections.abc import Iterator

import numpy as np

from ..datasets.instance import Instance
from .finding import Finding, Limits
from .survey import Survey


def find_overlaps(survey: Survey, limits: Limits) -> Iterator[Finding]:
    """Find objects that cover each other: of two classes, annotated twice, hidden."""
    floor = min(limits.conflict_iou, limits.doubled_iou)
    for row in np.unique(survey.objects.image):
        items = survey.labels.instances(int(survey.json_rows[row]))
        if len(items) < 2:
            continue
        name = survey.names[row]
        for first, second in _touching(items, floor):
            iou = overlap(first, second)
            same = first.label == second.label
            if iou < (limits.doubled_iou if same else limits.conflict_iou):
                continue
            one, other = (survey.classes[item.label] for item in (first, second))
            rule = 'doubled' if same else 'conflict'
            message = f'{other} and {one} of annotation {first.annotation_id} '
            yield Finding(
                rule,
                survey.title,
                name,
                second.annotation_id,
                iou,
                f'{message}cover the same pixels (IoU {iou:.2f})',
                _box(second),
                other_annotation=first.annotation_id,
            )
        label = survey.label_map(int(row))
        for item in items:
            x, y, w, h = item.bbox
            part = label[y : y + h, x : x + w]
            if not (item.crop() & (part == item.label)).any():
                message = (
                    f'{survey.classes[item.label]}: none of its {item.area} pixels is '
                    'left in the label map, smaller objects cover it'
                )
                number = item.annotation_id
                where = survey.title, name, number
                yield Finding('hidden', *where, 0.6, message, _box(item))


def overlap(first: Instance, second: Instance) -> float:
    """Return the IoU of two objects of one image."""
    x, y, w, h = first.bbox
    u, v, s, t = second.bbox
    left, top = max(x, u), max(y, v)
    right, bottom = min(x + w, u + s), min(y + h, v + t)
    if right <= left or bottom <= top:
        return 0.0
    one = first.crop()[top - y : bottom - y, left - x : right - x]
    other = second.crop()[top - v : bottom - v, left - u : right - u]
    both = int((one & other).sum())
    return both / (first.area + second.area - both)


def _touching(
    items: list[Instance], floor: float
) -> Iterator[tuple[Instance, Instance]]:
    """Yield pairs that may have an IoU of ``floor``, by their boxes and areas."""
    box = np.array([item.bbox for item in items], np.int64)
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    shared = sides.clip(0).prod(axis=2)
    area = np.array([item.area for item in items])
    possible = np.minimum(shared, np.minimum(area[:, None], area))
    near = possible >= floor * np.maximum(area[:, None], area)
    for one, other in zip(*np.nonzero(np.triu(near, 1))):
        yield items[one], items[other]


def _box(item: Instance) -> tuple[float, float, float, float]:
    x, y, w, h = item.bbox
    return float(x), float(y), float(w), float(h)
