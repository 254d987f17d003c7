"""All that is known of a COCO file and its images, computed once and cached."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.categories import CategoryRule
from ..datasets.coco import read_bytes
from ..datasets.images import find_image_folder, read_image
from ..datasets.label_cache import LabelCache, LabelRule, open_label_cache
from ..datasets.palettes import complete_palette
from ..datasets.subsets import read_subset
from ..errors import DataError
from ..metainfo import CLASSES
from .image_table import ImageTable, images_key
from .table_cache import open_table

Picture = NDArray[np.uint8]


class Objects(NamedTuple):
    """M objects, sorted by image; those of ignored categories are left out.

    Attributes:
        image: (M,) row of the image.
        label: (M,)
        area: (M,) pixels, those under other objects included.
        box: (M, 4) tight box of the pixels: x, y, width, height.
        annotation_id: (M,) id in the JSON.
    """

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    area: NDArray[np.int64]
    box: NDArray[np.int64]
    annotation_id: NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """A COCO file, its label maps, objects and image figures.

    Attributes:
        title: Name of the JSON or subset.
        ann_file: The JSON.
        image_folder: Folder that ``file_name`` starts from.
        classes: Class names; the index is the label.
        palette: RGB colour of each class.
        names: ``file_name`` of each image.
        sizes: (N, 2) height and width in pixels.
        class_counts: (N, C) pixels of each class.
        objects: The objects.
        images: What the pixels say.
        labels: Label maps by row of the JSON.
        json_rows: (N,) row of each image in the JSON.
    """

    title: str
    ann_file: Path
    image_folder: Path
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    names: tuple[str, ...]
    sizes: NDArray[np.int64]
    class_counts: NDArray[np.int64]
    objects: Objects
    images: ImageTable
    labels: LabelCache
    json_rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_labels(self) -> bool:
        """Whether the JSON holds annotations."""
        return self.labels.has_labels

    @property
    def shares(self) -> NDArray[np.float64]:
        """(M,) area of each object as a share of its image, 0 to 1."""
        pixels = self.sizes.prod(axis=1)[self.objects.image]
        return self.objects.area / np.maximum(pixels, 1)

    def row(self, name: str) -> int:
        """Return the row of an image.

        Raises:
            DataError: The survey has no such image.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise DataError(f'{self.ann_file}: has no image {name!r}') from None

    def take(self, rows: NDArray[np.int64], title: str | None = None) -> 'Survey':
        """Return the survey of some images, in the order of ``rows``."""
        rows = np.asarray(rows, np.int64)
        place = np.full(len(self), -1, np.int64)
        place[rows] = np.arange(len(rows))
        kept = np.flatnonzero(place[self.objects.image] >= 0)
        kept = kept[np.argsort(place[self.objects.image[kept]], kind='stable')]
        objects = Objects(*(column[kept] for column in self.objects))
        return replace(
            self,
            title=title or self.title,
            names=tuple(self.names[row] for row in rows),
            sizes=self.sizes[rows],
            class_counts=self.class_counts[rows],
            objects=objects._replace(image=place[objects.image]),
            images=self.images.take(rows),
            json_rows=self.json_rows[rows],
        )

    def path(self, row: int) -> Path:
        """Return the file of an image."""
        return self.image_folder / self.names[row]

    def read(self, row: int) -> Picture:
        """Decode an image: (H, W, 3) RGB.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is damaged, or of another size than in the JSON.
        """
        height, width = self.sizes[row].tolist()
        image = read_image(str(self.path(row)), height, width)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)

    def label_map(self, row: int) -> NDArray[np.uint8]:
        """Return the label map of an image: (H, W), the caller's own.

        Raises:
            DataError: The JSON has no annotations.
        """
        if not self.has_labels:
            raise DataError(f'{self.ann_file}: has no annotations')
        return self.labels.label_map(int(self.json_rows[row]))


def open_survey(
    ann_file: str | os.PathLike[str],
    data_root: str | os.PathLike[str] | None = None,
    subset: str = '',
    label_rule: LabelRule | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    allowed: Sequence[Path] = (),
) -> Survey:
    """Open the survey of a COCO file; make it when no cached one can be trusted.

    Args:
        ann_file: The JSON, relative to ``data_root``.
        data_root: Folder of the data set; None takes the folder of ``ann_file``.
        subset: List of file names, relative to ``data_root``; empty takes all images.
        label_rule: How annotations become labels; None is the project's classes.
        cache_dir: Folder of the cache; None is the usual one.
        workers: Threads that measure images; None is one per core.
        allowed: Resolved folders in which images must lie; others count as images that
            cannot be read. None allows all.

    Raises:
        FileNotFoundError: There is no such JSON or subset.
        DataError: They have a fault; images that cannot be read stand in
            ``Survey.images.faults`` instead.
        PermissionError: The cache folder cannot be written.
    """
    root = Path(ann_file).parent if data_root is None else Path(data_root)
    file = Path(ann_file) if data_root is None else root / ann_file
    rule = label_rule or LabelRule(CategoryRule(CLASSES))
    survey = survey_content(read_bytes(file), file, rule, cache_dir, workers, allowed)
    if not subset:
        return survey
    chosen = set(read_subset(root / subset, survey.names, str(file)))
    rows = [row for row, name in enumerate(survey.names) if name in chosen]
    return survey.take(np.array(rows, np.int64), f'{file.name} {Path(subset).stem}')


def survey_content(
    content: bytes,
    file: Path,
    rule: LabelRule,
    cache_dir: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    allowed: Sequence[Path] = (),
) -> Survey:
    """Open the survey of what a COCO file holds, see `open_survey`.

    Args:
        content: The JSON.
        file: Its path; images lie beside it or in ``images/``.
        rule: How annotations become labels.
        cache_dir: Folder of the cache.
        workers: Threads that measure images.
        allowed: Folders in which images must lie.
    """
    labels = open_label_cache(content, str(file), rule, cache_dir)
    names = tuple(image.file_name for image in labels.images)
    folder = find_image_folder(file.parent, names)
    key = images_key(rule.key(content), [folder / name for name in names], allowed)
    classes = rule.category.classes
    table = open_table(
        labels, folder, key, len(classes), file, cache_dir, workers, allowed
    )
    palette = complete_palette(dict(classes=classes))['palette']
    return Survey(
        title=file.name,
        ann_file=file,
        image_folder=folder,
        classes=tuple(classes),
        palette=tuple((int(r), int(g), int(b)) for r, g, b in palette),
        names=names,
        sizes=np.array([(i.height, i.width) for i in labels.images], np.int64),
        class_counts=labels.class_counts,
        objects=Objects(
            labels.instance_image,
            labels.instance_label,
            labels.instance_area,
            labels.instance_box,
            labels.instance_id,
        ),
        images=table,
        labels=labels,
        json_rows=np.arange(len(names)),
    )
