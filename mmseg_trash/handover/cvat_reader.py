"""Read "CVAT for images 1.1", the XML file or the ZIP file around it."""

import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np

from ..errors import DataError
from ..metainfo import CLASSES
from .album import Album, Picture, make_shape, rectangle
from .coco_json import check_name
from .cvat_writer import PREDICTED

INNER = 'annotations.xml'
Parts = list[list[float]] | dict[str, Any]


def read_cvat(
    path: str | os.PathLike[str], classes: tuple[str, ...] = CLASSES
) -> Album:
    """Read photographs and objects; labels that end with `` (predicted)`` are left out.

    Polygons of one ``group_id`` and label are one object, as on the way out. Boxes
    become polygons. A group with a mask in it becomes one mask.

    Args:
        path: An XML file, or a ZIP file with ``annotations.xml``.
        classes: Names that labels may have.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: It is no such XML, a label is unknown, a shape has no area or is
            damaged; the message names photograph and shape.
    """
    root = _parse(Path(path))
    if root.tag != 'annotations' or root.find('track') is not None:
        raise DataError(
            f'{path}: is not "CVAT for images 1.1"; choose that format in CVAT'
        )
    pictures = []
    for image in root.iter('image'):
        where = f'{path}: image {image.get("name")}'
        picture = Picture(
            _text(image, 'name', where),
            _whole(image, 'width', where),
            _whole(image, 'height', where),
        )
        picture.shapes.extend(_shapes(image, picture, classes, where))
        pictures.append(picture)
    names = [picture.file_name for picture in pictures]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled or not pictures:
        problem = f'image {min(doubled)} stands twice' if doubled else 'has no image'
        raise DataError(f'{path}: {problem}')
    return Album(classes, pictures)


def _parse(path: Path) -> Xml.Element:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return Xml.fromstring(archive.read(INNER))
        return Xml.fromstring(path.read_bytes())
    except KeyError:
        raise DataError(f'{path}: holds no {INNER}') from None
    except Xml.ParseError as error:
        raise DataError(f'{path}: is no XML: {error}') from error


def _shapes(
    image: Xml.Element, picture: Picture, classes: tuple[str, ...], where: str
) -> list:
    """Return the objects of an image."""
    members: dict[tuple[Any, str], list[Parts]] = {}
    attributes: dict[tuple[Any, str], dict[str, str]] = {}
    for number, element in enumerate(image):
        own = f'{where}, shape {number} ({element.tag})'
        label = _text(element, 'label', own)
        if label.endswith(PREDICTED):
            continue
        name = check_name(label, classes, own)
        read = READERS.get(element.tag)
        if read is None:
            raise DataError(f'{own}: has no area; expected {", ".join(READERS)}')
        group = element.get('group_id', '0')
        key = (group if group != '0' else -1 - number, name)
        members.setdefault(key, []).append(read(element, picture, own))
        found = {a.get('name', ''): a.text or '' for a in element.iter('attribute')}
        attributes.setdefault(key, found)
    return [
        make_shape(picture, key[1], _join(parts, picture), attributes[key], where)
        for key, parts in members.items()
    ]


def _join(parts: list[Parts], picture: Picture) -> Parts:
    """Make one segmentation of the parts of an object."""
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, dict) for part in parts):
        union = np.zeros((picture.height, picture.width), bool)
        for part in parts:
            region = picture.region(make_shape(picture, '', part, {}, ''))
            x, y, w, h = region.box
            union[y : y + h, x : x + w] |= region.crop
        return picture.code(union, 0, 0)
    return [polygon for part in parts for polygon in part if isinstance(polygon, list)]


def _polygon(element: Xml.Element, picture: Picture, where: str) -> Parts:
    text = _text(element, 'points', where)
    try:
        pairs = [[float(v) for v in pair.split(',')] for pair in text.split(';')]
    except ValueError:
        pairs = []
    good = len(pairs) > 2 and all(
        len(pair) == 2 and all(map(math.isfinite, pair)) for pair in pairs
    )
    if not good:
        raise DataError(
            f'{where}: points are {text[:60]!r}, expected x,y;x,y;x,y at least'
        )
    return [[value for pair in pairs for value in pair]]


def _box(element: Xml.Element, picture: Picture, where: str) -> Parts:
    sides = [_number(element, key, where) for key in ('xtl', 'ytl', 'xbr', 'ybr')]
    points = np.reshape(rectangle(*sides), (4, 2))
    turn = math.radians(float(element.get('rotation', 0)))
    if turn:
        middle = points.mean(0)
        cos, sin = math.cos(turn), math.sin(turn)
        points = (points - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
    return [[float(value) for value in points.ravel()]]


def _mask(element: Xml.Element, picture: Picture, where: str) -> Parts:
    left, top, width, height = (
        _whole(element, key, where) for key in ('left', 'top', 'width', 'height')
    )
    text = _text(element, 'rle', where)
    try:
        runs = [int(part) for part in text.split(',')]
    except ValueError:
        runs = [-1]
    if min(runs) < 0 or sum(runs) != width * height:
        raise DataError(
            f'{where}: rle is {text[:60]!r}, expected lengths of runs that sum up to '
            f'{width} x {height}'
        )
    values = np.arange(len(runs)) % 2 == 1
    crop = np.repeat(values, runs).reshape(height, width)
    try:
        return picture.code(crop, left, top)
    except DataError as error:
        raise DataError(f'{where}: {error}') from None


READERS: dict[str, Callable[[Xml.Element, Picture, str], Parts]] = {
    'polygon': _polygon,
    'mask': _mask,
    'box': _box,
}


def _text(element: Xml.Element, key: str, where: str) -> str:
    value = element.get(key)
    if not value:
        raise DataError(f'{where}: lacks {key}')
    return value


def _number(element: Xml.Element, key: str, where: str) -> float:
    text = _text(element, key, where)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f'{where}: {key} is {text!r}, expected a number')
    return value


def _whole(element: Xml.Element, key: str, where: str) -> int:
    value = _number(element, key, where)
    if value != int(value):
        raise DataError(f'{where}: {key} is {value}, expected a whole number')
    return int(value)
