"""An album as a folder that FiftyOne imports."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..datasets.rasterize import paint
from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import CLASSES
from ..progress import track
from .album import Album, Picture, Shape, attributes_of
from .fiftyone_schema import (
    MASKS,
    POLYGONS,
    PREDICTIONS,
    TRUTH,
    dataset_document,
    object_id,
    pack_array,
)
from .predictions import LabelMap


def write_fiftyone(
    album: Album,
    out: str | os.PathLike[str],
    images: str | os.PathLike[str],
    predictions: Iterable[tuple[Picture, LabelMap]] = (),
    labels: tuple[str, ...] = CLASSES,
    copy: bool = False,
) -> None:
    """Write ``metadata.json``, ``samples.json`` and label maps into a folder.

    Objects of polygons stand in the field ``polygons``, those of run-length codes in
    ``masks``; the label map that training sees is ``truth``, a predicted one
    ``predictions``, so that FiftyOne can compare both.

    Args:
        album: What to write.
        out: The folder.
        images: Folder that the ``file_name`` of the photographs refers to.
        predictions: Label maps.
        labels: Names of the values of the label maps; the first is no object.
        copy: Copy the photographs, so that the folder can be moved; else the samples
            name them where they lie.

    Raises:
        DataError: A photograph is missing, or a class is none of ``labels``.
    """
    folder, root = Path(out), Path(images).resolve()
    value_of = {name: value for value, name in enumerate(labels)}
    for name in sorted({s.name for p in album.pictures for s in p.shapes}):
        if name not in value_of:
            raise DataError(
                f'{name}: is no class of the label maps; expected one of '
                f'{", ".join(labels)}'
            )
    samples = {}
    for picture in track(album.pictures, len(album.pictures), 'Photographs'):
        source = root / picture.file_name
        if not source.is_file():
            raise DataError(f'{source}: does not exist; is {images} the data root?')
        path = str(source)
        if copy:
            path = f'data/{picture.file_name}'
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / path)
        regions = [picture.region(s, value_of[s.name]) for s in picture.shapes]
        truth = paint(regions, picture.height, picture.width)
        sample = _sample(picture, path)
        sample[TRUTH] = _write_map(folder, TRUTH, picture, truth)
        samples[picture.file_name] = sample
    predicted = 0
    for picture, label in predictions:
        entry = _write_map(folder, PREDICTIONS, picture, label)
        samples[picture.file_name][PREDICTIONS] = entry
        predicted += 1
    maps = [TRUTH, PREDICTIONS] if predicted else [TRUTH]
    classes = [name for name in album.classes if name != CLASSES[0]]
    document = dataset_document(folder.resolve().name, classes, maps, labels)
    for sample in samples.values():
        sample['_dataset_id'] = document['_id']
    _write_json(folder / 'samples.json', dict(samples=list(samples.values())))
    _write_json(folder / 'metadata.json', document)


def _sample(picture: Picture, path: str) -> dict[str, Any]:
    """Return the document of a photograph with its objects."""
    lines, boxes = [], []
    for number, shape in enumerate(picture.shapes):
        own = object_id(picture.file_name, number)
        common = dict(_id=own, attributes={}, tags=[], label=shape.name)
        common.update(attributes_of(picture, shape))
        if isinstance(shape.segmentation, dict):
            boxes.append(_detection(picture, shape, common))
        else:
            lines.append(_polyline(picture, shape.segmentation, common))
    size = dict(width=picture.width, height=picture.height, num_channels=3)
    return {
        '_id': object_id(picture.file_name),
        'filepath': path,
        'tags': [],
        'metadata': {'_cls': 'ImageMetadata', **size},
        '_media_type': 'image',
        '_rand': 0.0,
        'file_name': picture.file_name,
        POLYGONS: {'_cls': 'Polylines', 'polylines': lines},
        MASKS: {'_cls': 'Detections', 'detections': boxes},
    }


def _polyline(
    picture: Picture, polygons: list[list[float]], common: dict[str, Any]
) -> dict[str, Any]:
    """Return polygons in shares of width and height."""
    points = [
        [[x / picture.width, y / picture.height] for x, y in zip(p[::2], p[1::2])]
        for p in polygons
    ]
    return {
        '_cls': 'Polyline',
        **common,
        **dict(points=points, closed=True, filled=True),
    }


def _detection(
    picture: Picture, shape: Shape, common: dict[str, Any]
) -> dict[str, Any]:
    """Return a mask within its box, in shares of width and height."""
    region = picture.region(shape)
    x, y, w, h = region.box
    crop = region.crop
    if not crop.size:  # nothing to see: one pixel that is not set
        x, y, w, h, crop = 0, 0, 1, 1, np.zeros((1, 1), bool)
    box = [x / picture.width, y / picture.height, w / picture.width, h / picture.height]
    return {
        '_cls': 'Detection', **common, 'bounding_box': box, 'mask': pack_array(crop),
    }  # fmt: skip


def _write_map(
    folder: Path, name: str, picture: Picture, label: LabelMap
) -> dict[str, Any]:
    """Write a label map; return the document that names it."""
    path = f'fields/{name}/{picture.file_name}.png'
    with atomic_write(folder / path) as temporary:
        cv2.imwrite(str(temporary), label)
    own = object_id(name, picture.file_name)
    return {'_id': own, '_cls': 'Segmentation', 'tags': [], 'mask_path': path}


def _write_json(path: Path, content: Any) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content), encoding='utf-8')
