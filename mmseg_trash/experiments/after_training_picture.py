"""The picture beside the table of what the steps after training add."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..fileio import atomic_write
from ..inference.contact_sheet import contact_sheet
from ..inference.rows import names_and_colours
from ..inference.scoring import read_labels
from ..inference.submission_format import SIZE
from ..inference.visualize import class_entries, overlay
from ..metrics.confusion import resize_nearest

Label = NDArray[np.uint8]


def draw(
    dataset: Any, submissions: Mapping[str, Path], path: Path, number: int = 4
) -> None:
    """Draw the images in which the last two submissions differ most.

    Args:
        dataset: A `TrashDataset` with labels.
        submissions: Title -> CSV.
        path: The JPEG to write.
        number: How many images.
    """
    found = {title: dict(read_labels(file)) for title, file in submissions.items()}
    one, other = list(found.values())[-2:]
    changed = {name: int((one[name] != other[name]).sum()) for name in one}
    chosen = sorted(changed, key=lambda name: (-changed[name], name))[:number]
    classes, palette = names_and_colours(dataset)
    places = {
        dataset.get_data_info(place)['file_name']: place
        for place in range(len(dataset))
    }
    rows, captions = [], []
    for name in chosen:
        place = places[name]
        image = np.ascontiguousarray(dataset.load_image(place)[..., ::-1])
        image = np.asarray(
            cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8
        )
        truth: Label = resize_nearest(np.asarray(dataset.label_map_of(place)), SIZE)
        labels = [truth, *(found[title][name] for title in submissions)]
        rows.append([image, *(overlay(image, label, palette) for label in labels)])
        right = [f'{100 * (label == truth).mean():.1f} % of pixels' for label in labels]
        captions.append([name, '', *right[1:]])
    headings = ['photograph', 'truth', *submissions]
    entries = class_entries(classes, palette)
    sheet = contact_sheet(rows, headings, captions, [entries], SIZE)
    with atomic_write(path) as temporary:
        Image.fromarray(sheet).save(temporary, format='JPEG', quality=85)
