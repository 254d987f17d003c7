"""Answers: label map, overlay, areas, RLE."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from ..inference.prediction import Prediction
from .limits import RefusalError

PNG, JPEG, JSON = 'image/png', 'image/jpeg', 'application/json'
RLE = 'application/vnd.coco+json'


def label_png(found: Prediction) -> bytes:
    """Return the label map as a PNG with palette; its values are the labels."""
    stream = io.BytesIO()
    found.label_image().save(stream, 'PNG')
    return stream.getvalue()


def overlay_jpeg(found: Prediction) -> bytes:
    """Return the photograph with its objects tinted."""
    stream = io.BytesIO()
    Image.fromarray(found.overlay()).save(stream, 'JPEG', quality=90)
    return stream.getvalue()


def areas_json(found: Prediction) -> bytes:
    """Return pixels and share of each class that is present, the largest first."""
    labels = {name: label for label, name in enumerate(found.classes)}
    areas = [
        dict(label=labels[name], name=name, pixels=area.pixels, share=area.share)
        for name, area in found.areas.items()
    ]
    return _json(found, areas=areas)


def rle_json(found: Prediction) -> bytes:
    """Return one COCO mask (compressed RLE) for each class, without the background."""
    annotations = []
    for label in np.unique(found.label[found.label != 0]).tolist():
        mask = np.asfortranarray(found.label == label, dtype=np.uint8)
        rle = coco_mask.encode(mask)
        annotations.append(
            dict(
                category_id=label,
                category_name=found.classes[label],
                segmentation=dict(size=rle['size'], counts=rle['counts'].decode()),
                area=int(coco_mask.area(rle)),
                bbox=[float(value) for value in coco_mask.toBbox(rle)],
            )
        )
    return _json(found, annotations=annotations)


def _json(found: Prediction, **content: Any) -> bytes:
    height, width = found.label.shape
    return json.dumps(dict(width=width, height=height, **content)).encode()


Answer = Callable[[Prediction], bytes]
OUTPUTS: dict[str, tuple[str, Answer]] = {
    'label': (PNG, label_png),
    'areas': (JSON, areas_json),
    'rle': (RLE, rle_json),
    'overlay': (JPEG, overlay_jpeg),
}
"""Name of the query parameter's value: media type and how it is made."""


def choose(output: str | None, accept: str | None) -> tuple[str, Answer]:
    """Return media type and maker of the answer that a request asks for.

    Args:
        output: ``?output=``, one of `OUTPUTS`; counts more than ``accept``.
        accept: The header ``Accept``; the first type that is known, or any.

    Raises:
        RefusalError: 400 for an unknown output, 406 if no accepted type is known.
    """
    if output is not None:
        if output not in OUTPUTS:
            raise RefusalError(400, f'output={output}: expected one of {[*OUTPUTS]}')
        return OUTPUTS[output]
    kinds = [
        part.split(';')[0].strip().lower() for part in (accept or '*/*').split(',')
    ]
    for kind in kinds:
        if kind == '*/*':
            return OUTPUTS['label']
        for media, answer in OUTPUTS.values():
            if kind in (media, f'{media.split("/")[0]}/*'):
                return media, answer
    known = [media for media, _ in OUTPUTS.values()]
    raise RefusalError(406, f'Accept: {accept}: expected one of {known}')
