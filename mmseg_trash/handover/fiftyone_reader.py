"""Read a folder that FiftyOne exported as "FiftyOneDataset"."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..datasets.coco import parse_json
from ..errors import DataError
from ..metainfo import CLASSES
from .album import Album, Picture, Shape, make_shape, rectangle
from .coco_json import check_name
from .fiftyone_schema import MASKS, POLYGONS, unpack_array

DIGITS = 8
"""Decimals of a pixel that coordinates keep; shares of a side are not exact."""


def read_fiftyone(
    path: str | os.PathLike[str],
    classes: tuple[str, ...] = CLASSES,
    fields: Sequence[str] = (POLYGONS, MASKS),
) -> Album:
    """Read photographs and objects.

    Polylines and detections become objects, a detection without mask a rectangle. A
    segmentation becomes one object of each class that it shows, but for the first.

    Args:
        path: The folder with ``metadata.json`` and ``samples.json``.
        classes: Names that labels may have.
        fields: The fields of the samples to read.

    Raises:
        FileNotFoundError: There is no such folder.
        DataError: A file is missing or damaged, a field is absent, a label is unknown,
            or a line is open.
    """
    folder = Path(path)
    metadata, content = (_read(folder / f'{n}.json') for n in ('metadata', 'samples'))
    samples = content.get('samples') if isinstance(content, dict) else None
    if not isinstance(samples, list) or not samples or not isinstance(metadata, dict):
        raise DataError(f'{folder / "samples.json"}: has no samples')
    for name in fields:
        if not any(name in sample for sample in samples):
            known = [k for k, v in samples[0].items() if _kind(v) in READERS]
            raise DataError(
                f'{folder}: no sample has the field {name!r}; the first one has '
                f'{", ".join(known) or "no labels"}'
            )
    pictures = []
    for sample in samples:
        picture = _picture(folder, sample)
        for name in fields:
            found = sample.get(name)
            if found is None:
                continue
            where = f'{folder}: {picture.file_name}, {name}'
            read = READERS.get(_kind(found))
            if read is None:
                expected = ', '.join(READERS)
                raise DataError(f'{where}: is {_kind(found)}, expected {expected}')
            targets = metadata.get('mask_targets', {}).get(name)
            targets = targets or metadata.get('default_mask_targets', {})
            picture.shapes.extend(read(found, picture, classes, where, folder, targets))
        pictures.append(picture)
    return Album(classes, pictures)


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: does not exist; export from FiftyOne as fo.types.FiftyOneDataset'
        )
    return parse_json(path.read_bytes(), str(path))


def _kind(value: Any) -> str:
    return (
        str(value.get('_cls')) if isinstance(value, Mapping) else type(value).__name__
    )


def _picture(folder: Path, sample: Mapping[str, Any]) -> Picture:
    """Return the photograph of a sample, without objects."""
    file = str(sample.get('filepath', ''))
    name = sample.get('file_name') or file.removeprefix('data/')
    metadata = sample.get('metadata') or {}
    width, height = metadata.get('width'), metadata.get('height')
    if not width or not height:
        image = cv2.imread(str(folder / file), cv2.IMREAD_IGNORE_ORIENTATION)
        if image is None:
            raise DataError(f'{folder}: {name}: has no metadata and cannot be read')
        height, width = image.shape[:2]
    return Picture(str(name), int(width), int(height))


def _polylines(
    found: Any, picture: Picture, classes: tuple[str, ...], where: str, *rest: Any
) -> list[Shape]:
    lines = found.get('polylines', []) if _kind(found) == 'Polylines' else [found]
    shapes = []
    for line in lines:
        name = check_name(str(line.get('label')), classes, where)
        parts = [
            [
                round(value * side, DIGITS)
                for point in part
                for value, side in zip(point, (picture.width, picture.height))
            ]
            for part in line.get('points') or []
        ]
        if not line.get('closed') or not parts or min(map(len, parts)) < 6:
            raise DataError(
                f'{where}: {name}: is an open line or has fewer than three points'
            )
        shapes.append(make_shape(picture, name, parts, line, f'{where}: {name}'))
    return shapes


def _detections(
    found: Any, picture: Picture, classes: tuple[str, ...], where: str, folder: Path,
    targets: Any,
) -> list[Shape]:  # fmt: skip
    boxes = found.get('detections', []) if _kind(found) == 'Detections' else [found]
    shapes = []
    for box in boxes:
        name = check_name(str(box.get('label')), classes, where)
        own = f'{where}: {name}'
        sides = (picture.width, picture.height)
        x, y, w, h = (v * sides[k % 2] for k, v in enumerate(box['bounding_box']))
        mask = _mask(box, folder, own)
        segmentation: Any = [rectangle(x, y, x + w, y + h)]
        if mask is not None:
            left, top = round(x), round(y)
            width, height = max(round(w), 1), max(round(h), 1)
            if mask.shape != (height, width):
                scaled = cv2.resize(
                    mask.astype(np.uint8),
                    (width, height),
                    interpolation=cv2.INTER_NEAREST,
                )
                mask = np.asarray(scaled)
            segmentation = picture.code(mask.astype(bool), left, top)
        shapes.append(make_shape(picture, name, segmentation, box, own))
    return shapes


def _segmentation(
    found: Any, picture: Picture, classes: tuple[str, ...], where: str, folder: Path,
    targets: Any,
) -> list[Shape]:  # fmt: skip
    mask = _mask(found, folder, where)
    if mask is None or mask.shape != (picture.height, picture.width):
        raise DataError(
            f'{where}: the mask is {None if mask is None else mask.shape}, expected '
            f'{(picture.height, picture.width)}'
        )
    shapes = []
    for value in np.unique(mask):
        name = targets.get(str(value)) if isinstance(targets, Mapping) else None
        if value == 0 and name in (None, CLASSES[0]):
            continue
        if name is None:
            raise DataError(f'{where}: the mask targets name no class for {value}')
        code = picture.code(mask == value, 0, 0)
        shapes.append(Shape(check_name(name, classes, where), code))
    return shapes


def _mask(document: Mapping[str, Any], folder: Path, where: str) -> np.ndarray | None:
    """Return the mask of a label, in it or in a file; None if it has none."""
    if document.get('mask') is not None:
        return unpack_array(document['mask'], where)
    if not document.get('mask_path'):
        return None
    file = folder / document['mask_path']
    mask = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.ndim != 2:
        raise DataError(f'{where}: {file}: cannot be read as a mask')
    return np.asarray(mask)


READERS = {
    'Polyline': _polylines,
    'Polylines': _polylines,
    'Detection': _detections,
    'Detections': _detections,
    'Segmentation': _segmentation,
}
