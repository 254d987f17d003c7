"""COCO files from and to an album."""

import json
import os
from collections.abc import Mapping
from typing import Any

from ..datasets.categories import CategoryRule
from ..datasets.coco import parse_json, read_bytes
from ..datasets.coco_checks import find_faults
from ..datasets.faults import raise_first
from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import CLASSES
from .album import Album, Picture, Shape


def read_coco(path: str | os.PathLike[str]) -> tuple[Album, dict[str, Any]]:
    """Read a COCO file with categories of any names.

    Returns:
        The album, with the file's categories as classes, and the parsed file.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: It has a fault.
    """
    file = str(path)
    raw = parse_json(read_bytes(path), file)
    entries = raw.get('categories') if isinstance(raw, dict) else None
    names = [c.get('name') for c in entries or [] if isinstance(c, dict)]
    known = tuple(dict.fromkeys(name for name in names if isinstance(name, str)))
    rule = CategoryRule(known or CLASSES, unknown='class')
    raise_first(find_faults(raw, rule, file))
    name_of = {c['id']: c['name'] for c in entries or []}
    pictures = {
        image['id']: Picture(image['file_name'], image['width'], image['height'])
        for image in raw['images']
    }
    for entry in raw.get('annotations') or []:
        pictures[entry['image_id']].shapes.append(
            Shape(
                name_of[entry['category_id']],
                entry['segmentation'],
                bool(entry.get('iscrowd', 0)),
                entry['id'],
                entry.get('area'),
            )
        )
    return Album(known or CLASSES, list(pictures.values())), raw


def write_coco(
    album: Album, path: str | os.PathLike[str], like: Mapping[str, Any] | None = None
) -> None:
    """Write an album as a COCO file.

    Objects keep their ids; new ones, and copies of others, get further ones.

    Args:
        album: What to write.
        path: The file.
        like: A COCO file's content: entries of images and categories are taken from
            it, so that their ids and whatever else they hold stay.

    Raises:
        DataError: A photograph is none of ``like``, or of another size there.
    """
    categories = list(like['categories']) if like else _categories(album.classes)
    number_of = {category['name']: category['id'] for category in categories}
    known = {image['file_name']: image for image in like['images']} if like else {}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    ids = {s.annotation_id for p in album.pictures for s in p.shapes}
    fresh = max((number for number in ids if number is not None), default=0) + 1
    used: set[int] = set()
    for place, picture in enumerate(album.pictures):
        image = known.get(picture.file_name)
        if like and image is None:
            raise DataError(f'{picture.file_name}: is no image of the original file')
        image = image or dict(id=place, file_name=picture.file_name)
        size = dict(width=picture.width, height=picture.height)
        if any(image.get(key, value) != value for key, value in size.items()):
            raise DataError(
                f'{picture.file_name}: is {picture.width}x{picture.height}, the '
                f'original file says {image["width"]}x{image["height"]}'
            )
        images.append({**image, **size})
        for shape in picture.shapes:
            number = shape.annotation_id
            if number is None or number in used:
                number, fresh = fresh, fresh + 1
            used.add(number)
            region = picture.region(shape)
            annotations.append(
                dict(
                    id=number,
                    image_id=image['id'],
                    category_id=number_of[shape.name],
                    segmentation=shape.segmentation,
                    area=region.area,
                    bbox=list(region.box),
                    iscrowd=int(shape.iscrowd),
                )
            )
    rest = {k: v for k, v in (like or {}).items() if k in ('info', 'licenses')}
    content = dict(rest, images=images, categories=categories, annotations=annotations)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content), encoding='utf-8')


def check_name(name: str, classes: tuple[str, ...], where: str) -> str:
    """Return the class that a label means; case, spacing and known slips are mended.

    Raises:
        DataError: There is none; the message names the label and the classes.
    """
    if name in classes:
        return name
    try:
        label = CategoryRule(classes, unknown='class').label_of(name)
    except KeyError as error:
        raise DataError(f'{where}: {error.args[0]}') from None
    assert label is not None
    return classes[label]


def _categories(classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Number the classes; the ids of ours are their labels."""
    start = 0 if classes[:1] == CLASSES[:1] else 1
    return [
        dict(id=number, name=name, supercategory=name)
        for number, name in enumerate(classes, start)
        if name != CLASSES[0]
    ]
