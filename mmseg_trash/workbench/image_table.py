"""What the pixels of each image say: light, sharpness, colours per class, hash."""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..datasets.coco import ImageRecord
from ..datasets.images import read_image
from ..errors import DataError
from ..progress import track
from .image_hash import difference_hash

VERSION = 1
"""Raised whenever the same images would give other numbers."""
CHANNELS = ('red', 'green', 'blue', 'hue', 'saturation', 'value')
LEVELS = 32
"""Bins of each channel."""
WHOLE = -1
"""Label of the colours of an image without label map."""
_SHARPNESS_SIDE = 512
_ORIENTATION = 0x0112


class ImageTable(NamedTuple):
    """Figures of N images; NaN and 0 where an image cannot be read.

    Attributes:
        brightness: (N,) mean of the grey image, 0 to 1.
        contrast: (N,) its standard deviation, 0 to 1.
        sharpness: (N,) variance of the Laplacian of the grey image (levels 0 to 255),
            brought to a longest side of 512 at most; low is blurred.
        hash: (N,) uint64 difference hash.
        orientation: (N,) EXIF orientation, 1 to 8; 0 where there is none.
        faults: N, why an image cannot be read; empty where it can.
        colour_row: (R,) row of an image.
        colour_label: (R,) a label that the image shows, or `WHOLE`.
        colour_counts: (R, 6, 32) uint32, pixels by channel (see `CHANNELS`) and level;
            of every second line and column.
    """

    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    hash: NDArray[np.uint64]
    orientation: NDArray[np.int64]
    faults: tuple[str, ...]
    colour_row: NDArray[np.int64]
    colour_label: NDArray[np.int64]
    colour_counts: NDArray[np.uint32]

    def take(self, rows: NDArray[np.int64]) -> 'ImageTable':
        """Return the table of some images, in the order of ``rows``."""
        place = np.full(len(self.brightness), -1, np.int64)
        place[rows] = np.arange(len(rows))
        kept = place[self.colour_row] >= 0
        return ImageTable(
            self.brightness[rows],
            self.contrast[rows],
            self.sharpness[rows],
            self.hash[rows],
            self.orientation[rows],
            tuple(self.faults[row] for row in rows),
            place[self.colour_row[kept]],
            self.colour_label[kept],
            self.colour_counts[kept],
        )


class _Figures(NamedTuple):
    values: tuple[float, float, float]
    code: int
    orientation: int
    labels: NDArray[np.int64]
    counts: NDArray[np.uint32]


def images_key(
    label_key: str, paths: Sequence[Path], allowed: Sequence[Path] = ()
) -> str:
    """Return what a table is made from: label maps, and the files' sizes and dates."""
    known: dict[Path, bool] = {}
    outside = [
        place for place, path in enumerate(paths) if not _allowed(path, allowed, known)
    ]
    entries: list[list] = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116
            entries.append([str(path), status.st_size, status.st_mtime_ns])
        except OSError:
            entries.append([str(path)])
    made_from = [VERSION, label_key, entries, *([outside] if outside else [])]
    content = json.dumps(made_from).encode()
    return hashlib.sha256(content).hexdigest()[:32]


def measure_images(
    records: Sequence[ImageRecord],
    folder: Path,
    label_map: Callable[[int], NDArray[np.uint8]] | None,
    classes: int,
    title: str,
    workers: int | None = None,
    allowed: Sequence[Path] = (),
) -> ImageTable:
    """Decode and measure images, in as many threads as there are cores.

    Args:
        records: The images.
        folder: Where their names start.
        label_map: Row -> (H, W) label map; None where there are no labels.
        classes: Number of classes.
        title: Name for the progress bar.
        workers: Number of threads; None is one per core.
        allowed: See `survey.open_survey`.
    """
    number = len(records)
    values = np.full((number, 3), np.nan)
    codes = np.zeros(number, np.uint64)
    orientations = np.zeros(number, np.int64)
    faults, rows, labels, counts = [], [], [], []

    def one(row: int) -> _Figures | str:
        path = folder / records[row].file_name
        if not _allowed(path, allowed):
            return 'lies outside of the data root; nothing is read there'
        try:
            return _measure(records[row], folder, label_map, classes, row)
        except (DataError, OSError) as error:
            return str(error).removeprefix(f'{path}: ')

    for row, found in enumerate(
        track(_parallel(one, number, workers), number, f'Measuring {title}')
    ):
        faults.append(found if isinstance(found, str) else '')
        if not isinstance(found, str):
            values[row], codes[row] = found.values, found.code
            orientations[row] = found.orientation
            rows.append(np.full(len(found.labels), row, np.int64))
            labels.append(found.labels)
            counts.append(found.counts)
    empty = np.zeros(0, np.int64)
    return ImageTable(
        values[:, 0],
        values[:, 1],
        values[:, 2],
        codes,
        orientations,
        tuple(faults),
        np.concatenate([empty, *rows]),
        np.concatenate([empty, *labels]),
        np.concatenate([np.zeros((0, len(CHANNELS), LEVELS), np.uint32), *counts]),
    )


def _allowed(
    path: Path, folders: Sequence[Path], known: dict[Path, bool] | None = None
) -> bool:
    """Tell whether an image lies in one of some folders; ``known`` keeps its folder."""
    if not folders:
        return True
    known = {} if known is None else known
    # Only a link can lead elsewhere than its folder; that saves nearly all the time.
    place = path if path.is_symlink() else path.parent
    if place not in known:
        resolved = place.resolve()
        known[place] = any(resolved.is_relative_to(folder) for folder in folders)
    return known[place]


def _parallel(
    one: Callable[[int], '_Figures | str'], number: int, workers: int | None
) -> Iterator['_Figures | str']:
    # OpenCV lets go of the interpreter's lock, which is nearly all of the time.
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        yield from pool.map(one, range(number))


def _measure(
    record: ImageRecord,
    folder: Path,
    label_map: Callable[[int], NDArray[np.uint8]] | None,
    classes: int,
    row: int,
) -> _Figures:
    path = folder / record.file_name
    image = read_image(str(path), record.height, record.width)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mean, deviation = cv2.meanStdDev(grey)
    scale = _SHARPNESS_SIDE / max(grey.shape)
    if scale < 1:
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    else:
        small = grey
    sharpness = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_32F))[1].item() ** 2
    values = (mean.item() / 255, deviation.item() / 255, sharpness)
    thinned = np.ascontiguousarray(image[::2, ::2])
    if label_map is None:
        label = np.zeros(thinned.shape[:2], np.uint8)
    else:
        label = np.ascontiguousarray(label_map(row)[::2, ::2])
    counts = colour_counts(thinned, label, classes)
    shown = np.flatnonzero(counts[:, 0].any(axis=1))
    labels = shown if label_map is not None else np.full(1, WHOLE)
    return _Figures(
        values, difference_hash(grey), _orientation(path), labels, counts[shown]
    )


def colour_counts(
    image: NDArray[np.uint8], label: NDArray[np.uint8], classes: int
) -> NDArray[np.uint32]:
    """Count the pixels of each class by channel and level.

    Args:
        image: (H, W, 3) BGR.
        label: (H, W); labels from ``classes`` on are not counted.
        classes: Number of classes C.

    Returns:
        (C, 6, 32), channels as in `CHANNELS`; hue, saturation and value from 0 to 255.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV_FULL)
    planes = [*cv2.split(image)[::-1], *cv2.split(hsv)]
    ranges = [0, classes, 0, 256]
    counted = [
        cv2.calcHist([label, plane], [0, 1], None, [classes, LEVELS], ranges)
        for plane in planes
    ]
    return np.stack(counted, axis=1).astype(np.uint32)


def _orientation(path: Path) -> int:
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            found = image.getexif().get(_ORIENTATION, 0)
    except (OSError, SyntaxError, ValueError):
        return 0
    return found if isinstance(found, int) and 0 < found < 9 else 0
