"""Make a smaller copy of a data set: photographs resized, annotations with them."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.mask as coco_mask
from PIL import Image

from ..errors import DataError
from ..fileio import atomic_folder
from ..progress import track
from .data_root import DataFile, list_json_files, read_data_file, write_json
from .images import read_image
from .rasterize import make_region

Size = tuple[int, int]
FORMATS = {'.jpg': 'JPEG', '.jpeg': 'JPEG', '.png': 'PNG'}


def shrink_data_root(
    root: str | os.PathLike[str],
    out: str | os.PathLike[str],
    long_side: int = 384,
    quality: int = 80,
    ann_files: Sequence[str] = (),
) -> dict[str, tuple[int, int]]:
    """Write a copy of a data root whose photographs are smaller.

    Photographs are resized by Lanczos' filter and lose their metadata; the EXIF
    orientation is applied before. Those that are small enough stay byte for byte, with
    their annotations. File names, ids and all other fields stay.

    Args:
        root: The data root.
        out: The new data root.
        long_side: Longest side of a photograph in pixels, at least 1.
        quality: JPEG quality, 1 to 95.
        ann_files: JSON files, relative to ``root``; empty takes the usual ones.

    Returns:
        JSON -> numbers of images and annotations.

    Raises:
        ValueError: A number is out of its range.
        FileNotFoundError: The folder, a JSON or a photograph does not exist.
        DataError: ``out`` exists, a JSON has a fault, a photograph is damaged, has
            another size than the JSON says, or is neither JPEG nor PNG. Nothing is
            written then.
    """
    if long_side < 1:
        raise ValueError(f'long_side must be at least 1 pixel, got {long_side}')
    if not 1 <= quality <= 95:
        raise ValueError(f'quality must be 1 to 95, got {quality}')
    names = list(ann_files) or list_json_files(root)
    files = {name: read_data_file(root, name) for name in names}
    photographs: dict[Path, Size] = {}
    for file in files.values():
        for image in file.raw['images']:
            path = file.folder / image['file_name']
            photographs.setdefault(path, (image['height'], image['width']))
    raws = {
        name: _shrink_file(file, photographs, long_side) for name, file in files.items()
    }
    with atomic_folder(out) as folder:
        for path, size in track(photographs.items(), len(photographs), 'Shrinking'):
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(shrink_image(path, size, long_side, quality))
        for name, raw in raws.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_json(folder / name, raw)
    return {
        name: (len(raw['images']), len(raw.get('annotations') or ()))
        for name, raw in raws.items()
    }


def shrunk_size(size: Size, long_side: int) -> Size:
    """Return the size of a photograph after shrinking.

    Args:
        size: Height and width in pixels.
        long_side: Longest side afterwards in pixels.

    Returns:
        Height and width, at least one pixel each; ``size`` when it is small enough.
    """
    scale = long_side / max(size)
    if scale >= 1:
        return size
    height, width = (max(1, round(side * scale)) for side in size)
    return height, width


def shrink_image(path: Path, size: Size, long_side: int, quality: int) -> bytes:
    """Encode a photograph anew, smaller.

    Args:
        path: The file.
        size: Height and width that the JSON gives, in pixels.
        long_side: Longest side afterwards in pixels.
        quality: JPEG quality, 1 to 95.

    Returns:
        The new file's content, in the format of the old; the old when it is small
        enough.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The photograph is damaged, of another size, or neither JPEG nor PNG.
    """
    pixels = read_image(str(path), *size)
    height, width = shrunk_size(size, long_side)
    if (height, width) == size:
        return path.read_bytes()
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise DataError(f'{path}: only {", ".join(FORMATS)} can be written')
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    options = dict(quality=quality) if kind == 'JPEG' else {}
    picture.save(content, kind, optimize=True, **options)
    return content.getvalue()


def shrink_annotation(entry: dict[str, Any], old: Size, new: Size) -> dict[str, Any]:
    """Scale what an annotation measures in pixels.

    Args:
        entry: A checked COCO annotation.
        old: Height and width of the image in pixels.
        new: The same after shrinking.

    Returns:
        The annotation with segmentation, ``bbox`` and ``area`` scaled, the first two
        rounded to 0.1 pixels; run-length codes are compressed ones.
    """
    y, x = new[0] / old[0], new[1] / old[1]
    segmentation = entry['segmentation']
    if isinstance(segmentation, dict):
        segmentation = _shrink_code(segmentation, old, new)
    else:
        segmentation = [_scale(polygon, x, y) for polygon in segmentation]
    entry = {**entry, 'segmentation': segmentation}
    if isinstance(entry.get('bbox'), list) and len(entry['bbox']) == 4:
        entry['bbox'] = _scale(entry['bbox'], x, y)
    if entry.get('area') is not None:
        entry['area'] = round(entry['area'] * x * y, 2)
    return entry


def _shrink_file(
    file: DataFile, photographs: dict[Path, Size], long_side: int
) -> dict[str, Any]:
    """Return the content of a JSON for the smaller photographs."""
    sizes: dict[int, tuple[Size, Size]] = {}
    images = []
    for image in file.raw['images']:
        old = image['height'], image['width']
        if photographs[file.folder / image['file_name']] != old:
            raise DataError(
                f'{file.path}: image {image["id"]} ({image["file_name"]}): '
                f'{old[1]}x{old[0]} contradicts another JSON (width x height)'
            )
        new = shrunk_size(old, long_side)
        sizes[image['id']] = old, new
        images.append({**image, 'height': new[0], 'width': new[1]})
    raw = {**file.raw, 'images': images}
    if file.raw.get('annotations'):
        raw['annotations'] = [
            entry if old == new else shrink_annotation(entry, old, new)
            for entry in file.raw['annotations']
            for old, new in (sizes[entry['image_id']],)
        ]
    return raw


def _scale(numbers: Sequence[float], x: float, y: float) -> list[float]:
    """Scale x, y, x, y, ... in pixels; whole numbers become integers, to be short."""
    scaled = [round(float(v) * (y if i % 2 else x), 1) for i, v in enumerate(numbers)]
    return [int(value) if value.is_integer() else value for value in scaled]


def _shrink_code(code: dict[str, Any], old: Size, new: Size) -> dict[str, Any]:
    """Resize a run-length code by the nearest pixel."""
    region = make_region(0, code, None, 0, *old)
    x, y, w, h = region.box
    pixels = np.zeros(old, np.uint8)
    pixels[y : y + h, x : x + w] = region.crop
    picture = Image.fromarray(pixels).resize(new[::-1], Image.Resampling.NEAREST)
    found = coco_mask.encode(np.asfortranarray(picture))
    return dict(size=list(new), counts=found['counts'].decode())
