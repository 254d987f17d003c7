"""Data of the competition's size, to measure the workbench on."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np

from ..datasets.toy import make_toy

# The competition's images and objects; the most points that an outline keeps.
_IMAGES, _ANNOTATIONS, _POINTS = 3272, 26240, 40


def make_data(root: Path, images: int, drawn: int) -> None:
    """Draw toy scenes of 512x512 and repeat them under other names.

    Every repetition is a file of its own, its pixels moved round so that no two look
    alike; objects are as many to an image as in the competition, of 40 points at most.

    Args:
        root: Folder to write train.json and ``batch`` into; it exists.
        images: Number of images.
        drawn: Number of scenes to draw.
    """
    make_toy(root / 'drawn', num_train=drawn, num_val=1, num_test=1, workers=2)
    raw = json.loads((root / 'drawn/train.json').read_text())
    own: dict[int, list[dict]] = {}
    for entry in raw['annotations']:
        own.setdefault(entry['image_id'], []).append(entry)
    per_image = _ANNOTATIONS / _IMAGES
    entries: list[dict] = []
    records: list[dict] = []
    for number in range(images):
        scene = raw['images'][number % len(raw['images'])]
        name = f'batch/{number:04}.jpg'
        target = root / name
        target.parent.mkdir(exist_ok=True)
        image = cv2.imread(str(root / 'drawn' / scene['file_name']))
        moves = np.random.default_rng(number).integers(0, 512, 2)
        assert image is not None
        cv2.imwrite(str(target), np.roll(image, moves, (0, 1)))
        records.append({**scene, 'id': number, 'file_name': name})
        available = own.get(scene['id'], [])
        while available and len(entries) < (number + 1) * per_image:
            entry = available[len(entries) % len(available)]
            shift = number / images
            polygons = []
            for part in entry['segmentation']:
                points = np.reshape(part, (-1, 2))
                kept = points[:: len(points) // _POINTS + 1] + shift
                polygons.append(kept.round(1).ravel().tolist())
            key = dict(id=len(entries) + 1, image_id=number, segmentation=polygons)
            entries.append({**entry, **key})
    content = dict(raw, images=records, annotations=entries)
    (root / 'train.json').write_text(json.dumps(content))
    shutil.rmtree(root / 'drawn')
