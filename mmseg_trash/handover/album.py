"""Photographs with their objects, as they pass between formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pycocotools.mask as coco_mask

from ..datasets.rasterize import Region, make_region
from ..errors import DataError

SAME = 0.01
"""Share by which the pixels of a shape may differ and the shape still be the same."""


@dataclass(frozen=True)
class Shape:
    """One object.

    Attributes:
        name: Name of its class.
        segmentation: Polygons, flat x, y, x, y, ... in pixels, whose union counts; or a
            run-length code as in COCO.
        iscrowd: Whether it is a crowd region.
        annotation_id: Its id in the COCO file; None of a new object.
        area: Its area as a COCO file declares it, in pixels; None has them counted.
    """

    name: str
    segmentation: list[list[float]] | dict[str, Any]
    iscrowd: bool = False
    annotation_id: int | None = None
    area: float | None = None


@dataclass(frozen=True)
class Picture:
    """One photograph; width and height in pixels."""

    file_name: str
    width: int
    height: int
    shapes: list[Shape] = field(default_factory=list)

    def region(self, shape: Shape, label: int = 1) -> Region:
        """Rasterise one of the objects."""
        polygons = shape.segmentation
        vertices = 0 if isinstance(polygons, dict) else len(polygons[0]) // 2
        return make_region(
            label, polygons, shape.area, vertices, self.height, self.width
        )

    def code(self, crop: np.ndarray, left: int, top: int) -> dict[str, Any]:
        """Return the run-length code of pixels, (h, w) bool, that lie at a place.

        Raises:
            DataError: They reach beyond the photograph.
        """
        height, width = crop.shape
        if (
            min(left, top) < 0
            or left + width > self.width
            or top + height > self.height
        ):
            raise DataError(
                f'{self.file_name}: a mask of {width}x{height} at {left}, {top} '
                f'reaches beyond the {self.width}x{self.height} photograph'
            )
        full = np.zeros((self.height, self.width), np.uint8, order='F')
        full[top : top + height, left : left + width] = crop
        code = coco_mask.encode(full)
        return dict(size=[self.height, self.width], counts=code['counts'].decode())


@dataclass(frozen=True)
class Album:
    """Photographs and the classes of their objects.

    Attributes:
        classes: Names; what is no object (Background) may be among them.
        pictures: The photographs.
    """

    classes: tuple[str, ...]
    pictures: list[Picture]


def attributes_of(picture: Picture, shape: Shape) -> dict[str, Any]:
    """Return what COCO knows about an object and other formats have no place for.

    ``area`` decides which of two objects lies on top; ``pixels``, the number counted,
    says later whether the shape is still the one that the area was declared for.
    """
    found: dict[str, Any] = dict(iscrowd=shape.iscrowd)
    if shape.annotation_id is not None:
        found['coco_id'] = shape.annotation_id
    if shape.area is not None:
        found['area'] = float(shape.area)
        found['pixels'] = int(picture.region(shape).crop.sum())
    return found


def make_shape(
    picture: Picture,
    name: str,
    segmentation: list[list[float]] | dict[str, Any],
    attributes: Mapping[str, Any],
    where: str,
) -> Shape:
    """Make an object of what a format says.

    Args:
        picture: Its photograph.
        name: Name of its class.
        segmentation: See :class:`Shape`.
        attributes: See :func:`attributes_of`; values may be words.
        where: Begins the message of an error.

    Raises:
        DataError: An attribute has no sense.
    """
    crowd = str(attributes.get('iscrowd', '')).strip().lower()
    if crowd not in ('', 'true', 'false', '0', '1'):
        raise DataError(f'{where}: iscrowd is {crowd!r}, expected true or false')
    number = _number(attributes, 'coco_id', where)
    shape = Shape(
        name,
        segmentation,
        crowd in ('true', '1'),
        None if number is None else int(number),
    )
    declared, counted = (_number(attributes, k, where) for k in ('area', 'pixels'))
    if declared is None:
        return shape
    pixels = int(picture.region(shape).crop.sum())
    if counted is not None and abs(pixels - counted) > max(2, SAME * counted):
        return shape
    return Shape(name, segmentation, shape.iscrowd, shape.annotation_id, declared)


def _number(attributes: Mapping[str, Any], key: str, where: str) -> float | None:
    value = attributes.get(key)
    if value is None or value == '':
        return None
    try:
        number = float(value)
        if np.isfinite(number) and (key == 'area' or number == int(number)):
            return number
    except (TypeError, ValueError):
        pass
    raise DataError(f'{where}: {key} is {value!r}, expected a number')


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    """Return a box as a polygon."""
    return [left, top, right, top, right, bottom, left, bottom]
