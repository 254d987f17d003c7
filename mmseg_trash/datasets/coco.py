"""Read a COCO file: images, and objects with labels instead of category ids."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.logging import print_log

from ..errors import DataError
from .categories import CategoryRule, map_categories, respelt
from .coco_checks import find_faults, used_categories
from .faults import Fault, raise_first


class ImageRecord(NamedTuple):
    """One entry of ``images``; height and width in pixels."""

    image_id: int
    file_name: str
    height: int
    width: int


@dataclass(frozen=True)
class CocoObject:
    """One annotation.

    Attributes:
        label: The label, or the ignore index.
        segmentation: Polygons or run-length code, as in the file.
        area: The file's area in pixels, None when it gives none.
        iscrowd: Whether it is a crowd region.
        annotation_id: Its id in the file.
    """

    label: int
    segmentation: Any
    area: float | None
    iscrowd: bool
    annotation_id: int


@dataclass(frozen=True)
class Coco:
    """A COCO file that passed the checks.

    Attributes:
        images: The images in file order.
        objects: For each image its objects in file order, None when the file holds no
            annotations (the competition's test.json).
    """

    images: list[ImageRecord]
    objects: list[list[CocoObject]] | None


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read an annotation file.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no such file; the message says where it was sought.
    """
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FileNotFoundError(
            f'annotation file {path} does not exist; is data_root (TRASH_DATA_ROOT, '
            '--data-root) the folder with train.json?'
        ) from None


def parse_json(content: bytes, file: str) -> Any:
    """Parse JSON.

    Args:
        content: The file's content, UTF-8.
        file: Path that the error names.

    Returns:
        The parsed value.

    Raises:
        DataError: It is no JSON; the message names line and column.
    """
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        reason = f'{error.msg} at line {error.lineno}, column {error.colno}'
    except (UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
    raise DataError(f'{file}: not valid JSON ({len(content)} bytes): {reason}')


def load_coco(content: bytes, rule: CategoryRule, file: str) -> Coco:
    """Parse and check a COCO file.

    Args:
        content: The file's content.
        rule: How category names become labels.
        file: Path that errors name.

    Returns:
        Images and objects; the objects of categories that are left out are left out.

    Raises:
        DataError: The file has a fault.
    """
    raw = parse_json(content, file)
    raise_first(find_faults(raw, rule, file))
    images = [
        ImageRecord(image['id'], image['file_name'], image['height'], image['width'])
        for image in raw['images']
    ]
    if not raw.get('annotations'):
        return Coco(images, None)
    labels, _ = map_categories(raw['categories'], rule, file)
    used = used_categories(raw['annotations'])
    for phrase in respelt(raw['categories'], rule, used):
        print_log(f'{file}: category {phrase}', 'current')
    row_of = {image.image_id: row for row, image in enumerate(images)}
    objects: list[list[CocoObject]] = [[] for _ in images]
    for annotation in raw['annotations']:
        label = labels[annotation['category_id']]
        if label is not None:
            objects[row_of[annotation['image_id']]].append(
                CocoObject(
                    label,
                    annotation['segmentation'],
                    annotation.get('area'),
                    bool(annotation.get('iscrowd', 0)),
                    annotation['id'],
                )
            )
    return Coco(images, objects)


def check_coco(
    path: str | os.PathLike[str], rule: CategoryRule
) -> tuple[list[ImageRecord], list[Fault]]:
    """Find all faults of a COCO file, that it cannot be read among them.

    Args:
        path: The file.
        rule: How category names become labels.

    Returns:
        The images whose entries can be used, and the faults.
    """
    file = str(path)
    try:
        raw = parse_json(read_bytes(path), file)
    except (DataError, OSError) as error:
        kind = 'invalid_json' if isinstance(error, DataError) else 'missing_json'
        message = str(error).removeprefix(f'{file}: ')
        return [], [Fault(kind, file, '', message)]
    faults = find_faults(raw, rule, file)
    entries = raw.get('images') if isinstance(raw, dict) else None
    images = []
    for image in entries if isinstance(entries, list) else []:
        values: list[Any] = [
            image.get(key) if isinstance(image, dict) else None
            for key in ('id', 'file_name', 'height', 'width')
        ]
        if isinstance(values[1], str) and all(
            type(value) is int for value in (values[0], *values[2:])
        ):
            images.append(ImageRecord(*values))
    return images, faults
