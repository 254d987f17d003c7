"""Check the content of a COCO file, entry by entry."""

import math
from collections.abc import Sequence
from typing import Any

from .categories import CategoryRule, map_categories
from .faults import Fault
from .segmentation_checks import segmentation_fault


def find_faults(raw: Any, rule: CategoryRule, file: str) -> list[Fault]:
    """Find all faults of a parsed COCO file.

    Args:
        raw: What the JSON holds.
        rule: How category names become labels.
        file: Path that the faults name.

    Returns:
        The faults in reading order: images, categories, annotations.
    """
    if not isinstance(raw, dict):
        message = f'COCO JSON must be an object, got {type(raw).__name__}'
        return [Fault('no_coco', file, '', message)]
    annotations = raw.get('annotations') or []
    faults = []
    for field in ('images', 'categories', 'annotations'):
        needed = field == 'images' or (field == 'categories' and annotations)
        value = raw.get(field)
        if value is None and needed:
            fault = Fault('missing_field', file, '', f'the field {field!r} is missing')
            faults.append(fault)
        elif value is not None and not isinstance(value, list):
            message = f'{field!r} must be a list, got {type(value).__name__}'
            faults.append(Fault('missing_field', file, '', message))
    if faults:
        return faults
    if not raw['images']:
        return [Fault('empty', file, '', 'the data set has no images')]
    sizes, image_faults = _check_images(raw['images'], file)
    categories = raw.get('categories') or []
    used = used_categories(annotations)
    labels, category_faults = map_categories(categories, rule, file, used)
    return [
        *image_faults,
        *category_faults,
        *_check_annotations(annotations, sizes, labels, file),
    ]


def used_categories(annotations: Sequence[Any]) -> set[Any]:
    """Return the category ids of the annotations, of whatever type they are."""
    found = (a.get('category_id') for a in annotations if isinstance(a, dict))
    return {number for number in found if isinstance(number, (int, str, float))}


def _check_images(
    images: Sequence[Any], file: str
) -> tuple[dict[int, tuple[int, int]], list[Fault]]:
    """Return image id -> (height, width), and the faults."""
    sizes: dict[int, tuple[int, int]] = {}
    names: dict[str, Any] = {}
    faults = []
    for position, image in enumerate(images):
        where = f'images[{position}]'
        if not isinstance(image, dict):
            message = f'an image must be an object, got {image!r}'
            faults.append(Fault('bad_image', file, where, message))
            continue
        missing = [
            key for key in ('id', 'file_name', 'height', 'width') if key not in image
        ]
        if missing:
            message = f'the field {missing[0]!r} is missing'
            faults.append(Fault('missing_field', file, where, message))
            continue
        number, name = image['id'], image['file_name']
        height, width = image['height'], image['width']
        where = f'image {number!r} ({name})'
        if type(number) is not int or not isinstance(name, str) or not name:
            message = f'id and file_name must be a number and a name, got {image!r}'
            faults.append(Fault('bad_image', file, where, message))
            continue
        if not all(type(side) is int and 0 < side < 65536 for side in (height, width)):
            message = f'height and width must be positive pixels, got {height}x{width}'
            faults.append(Fault('bad_image', file, where, message))
            continue
        if number in sizes:
            message = f'image id {number} is used twice'
            faults.append(Fault('duplicate_image_id', file, where, message))
        if name in names:
            message = f'file_name {name!r} is used twice, by {names[name]} and {number}'
            faults.append(Fault('duplicate_file_name', file, where, message))
        names.setdefault(name, number)
        sizes.setdefault(number, (height, width))
    return sizes, faults


def _check_annotations(
    annotations: Sequence[Any],
    sizes: dict[int, tuple[int, int]],
    labels: dict[int, int | None],
    file: str,
) -> list[Fault]:
    seen: set[Any] = set()
    faults = []
    for position, annotation in enumerate(annotations):
        where = f'annotations[{position}]'
        if not isinstance(annotation, dict):
            message = f'an annotation must be an object, got {annotation!r}'
            faults.append(Fault('bad_annotation', file, where, message))
            continue
        missing = [
            key
            for key in ('id', 'image_id', 'category_id', 'segmentation')
            if key not in annotation
        ]
        if missing:
            message = f'the field {missing[0]!r} is missing'
            faults.append(Fault('missing_field', file, where, message))
            continue
        where = f'annotation {annotation["id"]!r}'
        for kind, message in _annotation_faults(annotation, sizes, labels, seen):
            faults.append(Fault(kind, file, where, message))
    return faults


def _annotation_faults(
    annotation: dict,
    sizes: dict[int, tuple[int, int]],
    labels: dict[int, int | None],
    seen: set,
) -> list[tuple[str, str]]:
    faults = []
    number, image = annotation['id'], annotation['image_id']
    category = annotation['category_id']
    if not all(type(value) is int for value in (number, image, category)):
        return [('bad_annotation', 'id, image_id and category_id must be integers')]
    if number in seen:
        message = f'annotation id {number} is used twice'
        faults.append(('duplicate_annotation_id', message))
    seen.add(number)
    if category not in labels:
        known = ', '.join(map(str, sorted(labels))) or 'none'
        message = f'unknown category id {category}; the file defines {known}'
        faults.append(('unknown_category', message))
    area = annotation.get('area')
    if area is not None and not _is_number(area):
        faults.append(('bad_area', f'area must be a number of pixels, got {area!r}'))
    if annotation.get('iscrowd', 0) not in (0, 1):
        message = f'iscrowd must be 0 or 1, got {annotation["iscrowd"]!r}'
        faults.append(('bad_annotation', message))
    if image not in sizes:
        message = f'image_id {image} is not among the images'
        return [*faults, ('unknown_image', message)]
    if fault := segmentation_fault(annotation['segmentation'], *sizes[image]):
        faults.append(fault)
    return faults


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )
