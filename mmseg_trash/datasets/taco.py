"""TACO's 60 categories as our classes.

Categories: Proenca and Simoes, "TACO: Trash Annotations in Context for Litter
Detection", arXiv:2003.06975, http://tacodataset.org. The assignment is ours: by
material, as the competition's example images show it (a cigarette packet is General
trash, a filled garbage bag Plastic bag, a milk carton Paper pack). Debatable are
Tissues (or Paper), Unlabeled litter and Cigarette (or ignored), Paper cup (or Paper).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import DataError
from ..metainfo import CLASSES
from .segmentation_checks import segmentation_fault

TACO_NAMES: dict[str, tuple[str, ...]] = {
    'General trash': (
        'Aluminium blister pack',
        'Carded blister pack',
        'Food waste',
        'Tissues',
        'Plastified paper bag',
        'Plastic glooves',
        'Rope & strings',
        'Unlabeled litter',
        'Cigarette',
    ),
    'Paper': (
        'Toilet tube',
        'Other carton',
        'Egg carton',
        'Corrugated carton',
        'Meal carton',
        'Pizza box',
        'Magazine paper',
        'Wrapping paper',
        'Normal paper',
        'Paper bag',
        'Paper straw',
    ),
    'Paper pack': ('Drink carton', 'Paper cup'),
    'Metal': (
        'Aluminium foil',
        'Metal bottle cap',
        'Food Can',
        'Aerosol',
        'Drink can',
        'Metal lid',
        'Pop tab',
        'Scrap metal',
    ),
    'Glass': ('Glass bottle', 'Broken glass', 'Glass cup', 'Glass jar'),
    'Plastic': (
        'Other plastic bottle',
        'Clear plastic bottle',
        'Plastic bottle cap',
        'Disposable plastic cup',
        'Other plastic cup',
        'Plastic lid',
        'Other plastic',
        'Six pack rings',
        'Spread tub',
        'Tupperware',
        'Disposable food container',
        'Other plastic container',
        'Plastic utensils',
        'Squeezable tube',
        'Plastic straw',
    ),
    'Styrofoam': ('Foam cup', 'Foam food container', 'Styrofoam piece'),
    'Plastic bag': (
        'Plastic film',
        'Garbage bag',
        'Other plastic wrapper',
        'Single-use carrier bag',
        'Polypropylene bag',
        'Crisp packet',
    ),
    'Battery': ('Battery',),
    'Clothing': ('Shoe',),
}

TACO_CLASS: dict[str, str] = {
    name: ours for ours, names in TACO_NAMES.items() for name in names
}
"""TACO category -> our class; also a ``category_map`` for ``TrashDataset``."""


class Conversion(NamedTuple):
    """A converted COCO file.

    Attributes:
        coco: The content, with our categories.
        repairs: What was repaired, one line each.
    """

    coco: dict[str, Any]
    repairs: list[str]


def convert_taco(raw: Mapping[str, Any], file: str) -> Conversion:
    """Give TACO's annotations our classes, and repair what is known to be wrong.

    The second of two annotations with one id (309 and 4040 in the official file) gets
    a new id; polygons that show nothing are dropped.

    Args:
        raw: The official annotations.
        file: Their path, for errors.

    Returns:
        The converted content; images stay as they are, annotations keep their origin
        as ``source_category_id`` and ``source_category``.

    Raises:
        DataError: A field is missing, a category is none of TACO's, or an annotation
            names an unknown category or image.
    """
    for field in ('images', 'categories', 'annotations'):
        if not isinstance(raw, Mapping) or not isinstance(raw.get(field), list):
            raise DataError(f'{file}: the list {field!r} is missing, this is no COCO')
    try:
        names = {entry['id']: entry['name'] for entry in raw['categories']}
        sizes = {item['id']: (item['height'], item['width']) for item in raw['images']}
    except (KeyError, TypeError) as error:
        raise DataError(f'{file}: an image or category lacks {error}') from None
    strange = sorted(set(names.values()) - set(TACO_CLASS))
    if strange:
        raise DataError(f'{file}: {strange[0]!r} is no category of TACO')
    repairs: list[str] = []
    annotations = []
    seen: set[int] = set()
    spare = max((entry.get('id', 0) for entry in raw['annotations']), default=0) + 1
    for entry in raw['annotations']:
        where = f'{file}: annotation {entry.get("id")}'
        if entry.get('category_id') not in names:
            raise DataError(f'{where}: unknown category {entry.get("category_id")}')
        if entry.get('image_id') not in sizes:
            raise DataError(f'{where}: unknown image {entry.get("image_id")}')
        entry = dict(entry)
        source = names[entry['category_id']]
        entry['segmentation'] = _usable(
            entry.get('segmentation'), sizes[entry['image_id']], entry['id'], repairs
        )
        if not entry['segmentation']:
            repairs.append(f'annotation {entry["id"]} dropped: nothing left of it')
            continue
        if entry['id'] in seen:
            repairs.append(f'annotation id {entry["id"]} used twice: now {spare}')
            entry['id'], spare = spare, spare + 1
        seen.add(entry['id'])
        entry['source_category_id'] = entry['category_id']
        entry['source_category'] = source
        entry['category_id'] = CLASSES.index(TACO_CLASS[source])
        annotations.append(entry)
    categories = [
        dict(id=label, name=name, supercategory=name)
        for label, name in enumerate(CLASSES)
        if label
    ]
    coco = {**raw, 'categories': categories, 'annotations': annotations}
    # The official file has further categories for the scene; they mean nothing here.
    for field in ('scene_annotations', 'scene_categories'):
        coco.pop(field, None)
    return Conversion(coco, repairs)


def take_images(coco: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """Return a COCO file of some of the images, with their ids.

    Args:
        coco: The whole.
        rows: Indices into its images.
    """
    images = [coco['images'][row] for row in rows]
    ids = {image['id'] for image in images}
    kept = [entry for entry in coco['annotations'] if entry['image_id'] in ids]
    return {**coco, 'images': images, 'annotations': kept}


def _usable(
    segmentation: Any, size: tuple[int, int], number: int, repairs: list[str]
) -> Any:
    """Return the segmentation without the polygons that have a fault."""
    if not isinstance(segmentation, list):
        fault = segmentation_fault(segmentation, *size)
        if fault:
            repairs.append(f'annotation {number}: {fault[1]}')
        return None if fault else segmentation
    kept = []
    for polygon in segmentation:
        if fault := segmentation_fault([polygon], *size):
            repairs.append(f'annotation {number}: polygon dropped, {fault[1]}')
        else:
            kept.append(polygon)
    return kept
