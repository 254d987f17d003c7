"""Small data sets with one known fault each."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mmseg_trash.metainfo import CLASSES

SIDE = 64


def box(x: float, y: float, w: float, h: float) -> list[float]:
    """Return a rectangle as polygon."""
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def picture(seed: int) -> np.ndarray:
    """Return smooth noise that no other seed's picture resembles: BGR."""
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 220, (8, 8, 3), dtype=np.uint8)
    large = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return cv2.add(large, rng.integers(0, 12, large.shape, dtype=np.uint8))


class Data:
    """A data root in the making: images with objects, written by `write`."""

    def __init__(self, root: Path, first: int = 0) -> None:
        self.root = root
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.pictures: dict[str, np.ndarray] = {}
        self.first = first

    def image(
        self, name: str, *objects: tuple[str, Any], seed: int | None = None
    ) -> int:
        """Add an image with objects (class, polygons); return its id."""
        number = len(self.images)
        seed = self.first + number if seed is None else seed
        self.pictures[name] = picture(seed)
        self.images.append(dict(id=number, file_name=name, height=SIDE, width=SIDE))
        for label, polygons in objects:
            self.add(number, label, polygons)
        return number

    def add(self, image: int, label: str, polygons: Any) -> int:
        """Add an object; return the annotation's id."""
        number = len(self.annotations) + 1
        self.annotations.append(
            dict(
                id=number,
                image_id=image,
                category_id=CLASSES.index(label),
                segmentation=polygons,
                bbox=[0, 0, 1, 1],
                iscrowd=0,
            )
        )
        return number

    def write(self, name: str = 'train.json') -> Path:
        """Write the JSON and the images; return the root."""
        categories = [
            dict(id=label, name=text, supercategory=text)
            for label, text in enumerate(CLASSES)
            if label
        ]
        self.root.mkdir(parents=True, exist_ok=True)
        for file_name, pixels in self.pictures.items():
            path = self.root / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
        content = dict(
            info=dict(version='1.0'),
            images=self.images,
            categories=categories,
            annotations=self.annotations,
        )
        (self.root / name).write_text(json.dumps(content))
        return self.root


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Return an empty data set."""
    return Data(tmp_path / 'data')


@pytest.fixture
def sound(data: Data) -> Data:
    """Return twelve images of three sound objects each."""
    for n in range(12):
        data.image(
            f'batch_01/{n:04}.jpg',
            ('Paper', [box(2, 2, 10 + n % 3, 10)]),
            ('Plastic', [box(30, 30, 12, 10 + n % 4)]),
            ('Metal', [box(4, 40, 8, 9)]),
        )
    return data


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own."""
    folder = tmp_path / 'cache'
    monkeypatch.setenv('MMSEG_TRASH_CACHE', str(folder))
    return folder
