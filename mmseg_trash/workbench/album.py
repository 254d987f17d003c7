"""Images and labels of one JSON, opened without decoding a photograph."""

import os
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.categories import CategoryRule, map_categories
from ..datasets.coco import parse_json, read_bytes
from ..datasets.images import find_image_folder, read_image
from ..datasets.label_cache import LabelRule, open_label_cache
from ..datasets.palettes import complete_palette
from ..datasets.rasterize import make_region, paint
from ..errors import DataError
from ..metainfo import CLASSES

Picture = NDArray[np.uint8]
Polygon = NDArray[np.float64]


class Outline(NamedTuple):
    """One annotation as lines.

    Attributes:
        annotation_id: Its id in the JSON.
        label: Its label, or the ignore index.
        polygons: (K, 2) points x, y in pixels each: the JSON's own polygons, and the
            borders of run-length codes.
    """

    annotation_id: int
    label: int
    polygons: list[Polygon]


class Album:
    """Random access to the images of a JSON, its labels and its polygons.

    Nothing outside the data root, and the folders named beside it, is ever read.

    Args:
        data_root: Folder of the data set.
        ann_file: COCO JSON, relative to the data root.
        rule: What decides the labels; None takes the eleven classes.
        cache_dir: Folder of the caches; None takes the usual one.
        allowed: Further folders in which links of the data root may end.

    Raises:
        FileNotFoundError: There is no such JSON.
        DataError: The JSON has a fault or lies outside.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        ann_file: str = 'train.json',
        rule: LabelRule | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        allowed: Sequence[str | os.PathLike[str]] = (),
    ) -> None:
        self.root = Path(data_root).resolve()
        self.ann_file = ann_file
        self.allowed = (self.root, *(Path(folder).resolve() for folder in allowed))
        self.rule = rule or LabelRule(CategoryRule(CLASSES))
        self.classes = self.rule.category.classes
        palette = complete_palette({'classes': self.classes})['palette']
        self.palette: list[tuple[int, int, int]] = [tuple(c) for c in palette]
        self.json_path = inside(self.root / ann_file, self.allowed)
        self._labels = open_label_cache(
            read_bytes(self.json_path), str(self.json_path), self.rule, cache_dir
        )
        images = self._labels.images
        self.names = [image.file_name for image in images]
        self.sizes = np.array([(i.height, i.width) for i in images]).reshape(-1, 2)
        self.folder = find_image_folder(self.root, self.names)
        self.has_labels = self._labels.has_labels
        self.pixel_counts = np.asarray(self._labels.class_counts)
        self.object_counts = self._count_objects()
        self._rows = {name: row for row, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def _count_objects(self) -> NDArray[np.int64]:
        counts = np.zeros((len(self.names), len(self.classes)), np.int64)
        rows, labels = self._labels.instance_image, self._labels.instance_label
        known = labels < len(self.classes)
        np.add.at(counts, (rows[known], labels[known]), 1)
        return counts

    def row(self, name: str) -> int:
        """Return the row of a ``file_name``.

        Raises:
            DataError: The JSON has no such image.
        """
        if name not in self._rows:
            raise DataError(f'{self.json_path}: has no image {name!r}')
        return self._rows[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def path(self, row: int) -> Path:
        """Return the path of a photograph.

        Raises:
            DataError: It lies outside of the data root.
        """
        return inside(self.folder / self.names[row], self.allowed)

    def picture(self, row: int) -> Picture:
        """Decode a photograph: (H, W, 3) uint8, RGB.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is broken, of another size than the JSON says, or outside.
        """
        height, width = (int(side) for side in self.sizes[row])
        return np.ascontiguousarray(
            read_image(str(self.path(row)), height, width)[..., ::-1]
        )

    def label_map(self, row: int) -> NDArray[np.uint8]:
        """Return a label map, (H, W) uint8.

        Raises:
            DataError: The JSON has no annotations.
        """
        if not self.has_labels:
            raise DataError(f'{self.json_path}: has no annotations')
        return self._labels.label_map(row)

    def object_areas(self, row: int) -> list[tuple[int, int]]:
        """Return label and area in pixels of each object, in file order."""
        return [(item.label, item.area) for item in self._labels.instances(row)]

    @cached_property
    def _annotations(self) -> list[list[dict[str, Any]]]:
        """The JSON's annotations by row; parsed at the first use."""
        file = str(self.json_path)
        raw = parse_json(read_bytes(self.json_path), file)
        labels, _ = map_categories(raw['categories'], self.rule.category, file)
        row_of = {image['id']: row for row, image in enumerate(raw['images'])}
        found: list[list[dict[str, Any]]] = [[] for _ in self.names]
        for entry in raw.get('annotations') or ():
            label = labels[entry['category_id']]
            if label is not None:
                found[row_of[entry['image_id']]].append({**entry, 'label': label})
        return found

    def outlines(self, row: int) -> list[Outline]:
        """Return the annotations of an image as lines, in file order."""
        size = tuple(int(side) for side in self.sizes[row])
        return [
            Outline(
                int(entry.get('id', -1)),
                int(entry['label']),
                _polygons(entry['segmentation'], *size),
            )
            for entry in self._annotations[row]
        ]


def _polygons(segmentation: Any, height: int, width: int) -> list[Polygon]:
    if isinstance(segmentation, list):
        return [np.asarray(part, np.float64).reshape(-1, 2) for part in segmentation]
    region = make_region(1, segmentation, None, 0, height, width)
    mask = paint([region], height, width)
    found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [contour[:, 0].astype(np.float64) for contour in found]


def inside(path: Path, folders: Collection[Path]) -> Path:
    """Return a path with its links resolved, if it lies in one of some folders.

    Args:
        path: A path, of a file that need not exist.
        folders: Resolved folders.

    Raises:
        DataError: It lies elsewhere.
    """
    resolved = path.resolve()
    if not any(resolved.is_relative_to(folder) for folder in folders):
        raise DataError(
            f'{path}: lies outside of {" and ".join(map(str, folders))}; nothing is '
            'read there'
        )
    return resolved
