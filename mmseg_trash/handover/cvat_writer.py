"""An album as "CVAT for images 1.1": one XML file."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np

from ..fileio import atomic_write
from ..metainfo import CLASSES, PALETTE
from .album import Album, Picture, Shape, attributes_of
from .predictions import LabelMap

PREDICTED = ' (predicted)'
"""Ends the labels of predictions, which stand beside those of objects."""
ATTRIBUTES = {
    # name: input, default
    'iscrowd': ('checkbox', 'false'),
    'coco_id': ('text', ''),
    'area': ('text', ''),
    'pixels': ('text', ''),
}


def write_cvat(
    album: Album,
    path: str | os.PathLike[str],
    predictions: Iterable[tuple[Picture, LabelMap]] = (),
    labels: tuple[str, ...] = CLASSES,
) -> None:
    """Write ``annotations.xml``, and ``labels.json`` beside it for a new task.

    A polygon becomes a ``polygon``, a run-length code a ``mask``. Several polygons of
    one object share a ``group_id``. The order of painting becomes ``z_order``, and what
    COCO knows besides becomes attributes, which ``labels.json`` declares.

    Args:
        album: What to write.
        path: The XML file.
        predictions: Label maps; every class becomes a mask with the label
            ``<class> (predicted)``, which an annotator takes over by another label.
        labels: Names of the values of the label maps; the first is no object.
    """
    predicted = {picture.file_name: label for picture, label in predictions}
    names = [name for name in album.classes if name != CLASSES[0]]
    if predicted:
        names += [name + PREDICTED for name in labels[1:]]
    root = Xml.Element('annotations')
    Xml.SubElement(root, 'version').text = '1.1'
    task = Xml.SubElement(Xml.SubElement(root, 'meta'), 'task')
    for key, text in (
        ('name', Path(path).stem),
        ('size', str(len(album.pictures))),
        ('mode', 'annotation'),
    ):
        Xml.SubElement(task, key).text = text
    declared = Xml.SubElement(task, 'labels')
    for name in names:
        declared.append(_label(name))
    for place, picture in enumerate(album.pictures):
        image = Xml.SubElement(
            root,
            'image',
            id=str(place),
            name=picture.file_name,
            width=str(picture.width),
            height=str(picture.height),
        )
        _add_shapes(image, picture)
        if picture.file_name in predicted:
            _add_predictions(image, predicted[picture.file_name], labels)
    Xml.indent(root)
    with atomic_write(path) as temporary:
        Xml.ElementTree(root).write(temporary, 'utf-8', xml_declaration=True)
    with atomic_write(Path(path).with_name('labels.json')) as temporary:
        text = json.dumps([_specification(name) for name in names], indent=2)
        temporary.write_text(text + '\n', encoding='utf-8')


def runs_of(crop: np.ndarray) -> list[int]:
    """Return the lengths of runs row by row, zeros first, of (h, w) bool."""
    flat = np.concatenate([[0], np.ravel(crop).astype(np.int8)])
    borders = np.flatnonzero(np.diff(flat)).tolist()
    ends = [*borders, crop.size]
    return [end - start for start, end in zip([0, *borders], ends)]


def _add_shapes(image: Xml.Element, picture: Picture) -> None:
    """Add the objects of a photograph."""
    areas = [picture.region(shape).area for shape in picture.shapes]
    order = sorted(range(len(areas)), key=lambda place: -areas[place])
    layer = {place: rank for rank, place in enumerate(order)}
    groups = 0
    for place, shape in enumerate(picture.shapes):
        common = dict(label=shape.name, source='manual', occluded='0')
        parts = shape.segmentation
        if isinstance(parts, dict):
            elements = [_mask(image, picture, shape, common)]
        else:
            if len(parts) > 1:
                groups += 1
                common['group_id'] = str(groups)
            elements = [
                Xml.SubElement(image, 'polygon', common, points=_points(polygon))
                for polygon in parts
            ]
        for element in elements:
            element.set('z_order', str(layer[place]))
            _add_attributes(element, attributes_of(picture, shape))


def _mask(
    image: Xml.Element, picture: Picture, shape: Shape, common: Mapping[str, str]
) -> Xml.Element:
    region = picture.region(shape)
    if not region.crop.size:  # nothing to see: one pixel that is not set
        return _add_mask(image, np.zeros((1, 1), bool), 0, 0, common)
    return _add_mask(image, region.crop, region.box[0], region.box[1], common)


def _add_mask(
    image: Xml.Element, crop: np.ndarray, left: int, top: int, common: Mapping[str, str]
) -> Xml.Element:
    numbers = dict(left=left, top=top, width=crop.shape[1], height=crop.shape[0])
    return Xml.SubElement(
        image,
        'mask',
        dict(common),
        rle=', '.join(map(str, runs_of(crop))),
        **{key: str(value) for key, value in numbers.items()},
    )


def _add_predictions(
    image: Xml.Element, label_map: LabelMap, labels: tuple[str, ...]
) -> None:
    """Add a mask for every class that a label map shows, but for the first."""
    for label in np.unique(label_map):
        if label == 0:
            continue
        pixels = label_map == label
        rows, columns = pixels.any(1).nonzero()[0], pixels.any(0).nonzero()[0]
        top, left = int(rows[0]), int(columns[0])
        crop = pixels[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
        common = dict(label=labels[label] + PREDICTED, source='auto', occluded='0')
        _add_mask(image, crop, left, top, common).set('z_order', '0')


def _add_attributes(element: Xml.Element, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        child = Xml.SubElement(element, 'attribute', name=name)
        child.text = str(value).lower() if isinstance(value, bool) else str(value)


def _points(polygon: list[float]) -> str:
    """Write a polygon with all its digits."""
    pairs = zip(polygon[::2], polygon[1::2])
    return ';'.join(f'{float(x)!r},{float(y)!r}' for x, y in pairs)


def _colour(name: str) -> str:
    plain = name.removesuffix(PREDICTED)
    colour = PALETTE[CLASSES.index(plain)] if plain in CLASSES else (128, 128, 128)
    return '#' + ''.join(f'{value:02x}' for value in colour)


def _label(name: str) -> Xml.Element:
    """Return the declaration of a label."""
    label = Xml.Element('label')
    for key, text in (('name', name), ('color', _colour(name)), ('type', 'any')):
        Xml.SubElement(label, key).text = text
    attributes = Xml.SubElement(label, 'attributes')
    for key, (kind, default) in ATTRIBUTES.items():
        attribute = Xml.SubElement(attributes, 'attribute')
        for tag, text in (
            ('name', key),
            ('mutable', 'False'),
            ('input_type', kind),
            ('default_value', default),
            ('values', default),
        ):
            Xml.SubElement(attribute, tag).text = text
    return label


def _specification(name: str) -> dict[str, Any]:
    """Return the declaration of a label for CVAT's raw label editor."""
    attributes = [
        dict(name=k, mutable=False, input_type=kind, default_value=d, values=[d])
        for k, (kind, d) in ATTRIBUTES.items()
    ]
    return dict(name=name, color=_colour(name), type='any', attributes=attributes)
