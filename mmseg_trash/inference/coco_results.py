"""Label maps as COCO results: one run-length code per class and image."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import normalise
from .store import Probs

Result = dict[str, Any]


def category_ids(path: str | os.PathLike[str], classes: Sequence[str]) -> list[int]:
    """Return the id that each class has in a COCO JSON.

    Args:
        path: The JSON; its categories are matched by name, however they are spaced.
        classes: Names of the classes, the first one background.

    Returns:
        One id per class; a class that the JSON lacks has its own index, or the next
        free number where that is taken.
    """
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    known = {
        normalise(str(category['name'])): int(category['id'])
        for category in content.get('categories') or []
    }
    found = [known.get(normalise(name)) for name in classes]
    taken = {number for number in found if number is not None}
    ids = []
    for index, number in enumerate(found):
        if number is None:
            number = index if index not in taken else max(taken) + 1
            taken.add(number)
        ids.append(number)
    return ids


def encode(
    label: NDArray[np.uint8],
    image_id: int,
    ids: Sequence[int],
    probs: Probs | None = None,
    background: int = 0,
) -> list[Result]:
    """Encode a label map.

    Args:
        label: (H, W).
        image_id: The image's id in the JSON.
        ids: Id of each class, see :func:`category_ids`.
        probs: (C, H, W), for the scores; without them all are 1.
        background: The class that is no object.

    Returns:
        For each class but background that is there, in the order of the labels:
        ``image_id``, ``category_id``, ``segmentation`` (compressed run-length code) and
        ``score``, the mean probability of the class over its pixels. There is no
        ``bbox``: with one, pycocotools takes a result for a box alone.
    """
    from pycocotools import mask

    results = []
    for value in np.unique(label):
        if value == background:
            continue
        region = label == value
        code = mask.encode(np.asfortranarray(region, dtype=np.uint8))
        score = 1.0 if probs is None else float(probs[value][region].mean())
        results.append(
            dict(
                image_id=image_id,
                category_id=ids[int(value)],
                segmentation=dict(
                    size=[int(side) for side in code['size']],
                    counts=code['counts'].decode('ascii'),
                ),
                score=round(score, 6),
            )
        )
    return results


def read_images(path: str | os.PathLike[str]) -> Mapping[str, int]:
    """Return ``file_name`` -> id of the images of a COCO JSON, in its order."""
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    return {str(image['file_name']): int(image['id']) for image in content['images']}


def merge_results(
    files: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]
) -> int:
    """Join the images' results into one file, one result a line.

    Args:
        files: One JSON list per image.
        out: The file to write.

    Returns:
        The number of results.

    Raises:
        DataError: A file is damaged.
    """
    number = 0
    with (
        atomic_write(out) as temporary,
        Path(temporary).open('w', encoding='utf-8') as target,
    ):
        target.write('[')
        for file in files:
            try:
                results = json.loads(Path(file).read_text(encoding='utf-8'))
            except ValueError as error:
                raise DataError(f'{file}: no list of results: {error}') from error
            for result in results:
                target.write(',\n' if number else '\n')
                target.write(json.dumps(result))
                number += 1
        target.write('\n]\n')
    return number
