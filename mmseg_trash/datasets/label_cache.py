"""Label maps, made once from a COCO file and kept on disk.

One file per (content of the JSON, rules, version) holds run-length coded label maps,
the pixel counts of the classes, and every object's pixels within its box. As a file is
only written for a JSON that passed all checks, a second use need not parse the JSON.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pycocotools.mask as coco_mask

from ..progress import track
from .array_file import ArrayFile, DamagedFileError, open_arrays, write_arrays
from .cache_folder import build_lock, cache_folder, evict, touch
from .categories import CategoryRule
from .coco import Coco, ImageRecord, load_coco
from .instance import Instance, InstanceIndex
from .rasterize import Region, make_region, paint
from .segmentation_checks import vertices_of

FORMAT_VERSION = 2
"""Raised whenever the same input would give other content."""


@dataclass(frozen=True)
class LabelRule:
    """Everything besides the JSON that decides the labels.

    Attributes:
        category: How category names become labels.
        overlap: Which object wins, one of ``rasterize.RULES``.
        crowd: ``'class'`` paints crowd regions like objects, ``'ignore'`` with the
            ignore index.
    """

    category: CategoryRule
    overlap: str = 'area'
    crowd: str = 'class'

    def key(self, content: bytes) -> str:
        """Return the cache key of a JSON under these rules, 32 hex digits."""
        rules = json.dumps([FORMAT_VERSION, asdict(self)], sort_keys=True)
        digest = hashlib.sha256(hashlib.sha256(content).digest())
        digest.update(rules.encode())
        return digest.hexdigest()[:32]


class LabelCache:
    """Read access to the label maps and objects of one COCO file.

    Args:
        file: The opened cache file.
    """

    def __init__(self, file: ArrayFile) -> None:
        self.images = [ImageRecord(*entry) for entry in file.meta['images']]
        self.has_labels: bool = file.meta['has_labels']
        self.class_counts = file.arrays['class_counts']
        self.instance_image = file.arrays['instance_image']
        self.instance_label = file.arrays['instance_label']
        self.instance_area = file.arrays['instance_area']
        self.instance_box = file.arrays['instance_box']
        self.instance_id = file.arrays['instance_id']
        self._arrays = file.arrays
        self._first_instance = np.searchsorted(
            self.instance_image, np.arange(len(self.images) + 1)
        )

    def __deepcopy__(self, memo: dict) -> 'LabelCache':
        return self

    def label_map(self, row: int) -> np.ndarray:
        """Decode a label map.

        Args:
            row: Index of the image in the JSON.

        Returns:
            (height, width) uint8, the caller's own.
        """
        start, stop = self._arrays['run_offset'][row : row + 2]
        labels = np.repeat(
            self._arrays['run_label'][start:stop],
            self._arrays['run_length'][start:stop],
        )
        return labels.reshape(self.images[row].height, self.images[row].width)

    def instances(self, row: int) -> list[Instance]:
        """Return the objects of an image in file order, without decoding them.

        Args:
            row: Index of the image in the JSON.
        """
        image = self.images[row]
        codes, offsets = self._arrays['instance_code'], self._arrays['instance_offset']
        return [
            Instance(
                label=int(self.instance_label[i]),
                bbox=tuple(self.instance_box[i].tolist()),
                area=int(self.instance_area[i]),
                image_shape=(image.height, image.width),
                code=codes[offsets[i] : offsets[i + 1]].tobytes(),
                annotation_id=int(self.instance_id[i]),
            )
            for i in range(self._first_instance[row], self._first_instance[row + 1])
        ]

    def instance_index(self, rows: np.ndarray) -> InstanceIndex:
        """Return image, label, area and order of the objects of some images.

        Args:
            rows: (N,) indices of the images in the JSON; ``image`` counts along them.
        """
        starts, stops = self._first_instance[rows], self._first_instance[rows + 1]
        sizes = stops - starts
        order = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        entries = np.repeat(starts, sizes) + order
        return InstanceIndex(
            np.repeat(np.arange(len(rows)), sizes),
            self.instance_label[entries],
            self.instance_area[entries],
            order,
        )


def open_label_cache(
    content: bytes,
    file: str,
    rule: LabelRule,
    cache_dir: str | os.PathLike[str] | None = None,
) -> LabelCache:
    """Open the label cache of a JSON; build it when there is none that can be trusted.

    Args:
        content: Content of the JSON.
        file: Path of the JSON, for messages.
        rule: What decides the labels.
        cache_dir: Folder of the cache, see ``cache_folder``.

    Returns:
        The cache.

    Raises:
        DataError: The JSON has a fault.
        PermissionError: The cache folder cannot be written.
    """
    key = rule.key(content)
    path = cache_folder(cache_dir) / f'{Path(file).stem}-{key}.labels'
    with contextlib.suppress(OSError, DamagedFileError):
        return _open(path, key)
    # Faults show themselves before any folder is made or lock is taken.
    coco = load_coco(content, rule.category, file)
    if coco.objects is None:
        meta, arrays = encode_labels(coco, rule, Path(file).name)
        return LabelCache(ArrayFile(meta, arrays))
    with build_lock(path):
        with contextlib.suppress(OSError, DamagedFileError):
            return _open(path, key)
        meta, arrays = encode_labels(coco, rule, Path(file).name)
        write_arrays(path, key, meta, arrays)
        evict(path.parent, keep=path)
        return _open(path, key)


def _open(path: Path, key: str) -> LabelCache:
    cache = LabelCache(open_arrays(path, key))
    touch(path)
    return cache


def encode_labels(
    coco: Coco, rule: LabelRule, title: str
) -> tuple[dict, dict[str, np.ndarray]]:
    """Rasterise a data set.

    Args:
        coco: The data set.
        rule: What decides the labels.
        title: Name for the progress bar.

    Returns:
        Meta and arrays of the cache file.
    """
    category = rule.category
    counts = np.zeros((len(coco.images), len(category.classes)), np.int64)
    runs: list[tuple[np.ndarray, np.ndarray]] = []
    kept: list[tuple[int, Region, int]] = []
    pairs: Iterable = zip(coco.images, coco.objects or ())
    total = len(coco.images) if coco.objects is not None else 0
    for row, (image, objects) in enumerate(track(pairs, total, f'Rasterising {title}')):
        size = (image.height, image.width)
        regions = []
        for item in objects:
            ignored = item.iscrowd and rule.crowd == 'ignore'
            label = category.ignore_index if ignored else item.label
            vertices = vertices_of(item.segmentation)
            regions.append(
                make_region(label, item.segmentation, item.area, vertices, *size)
            )
        label_map = paint(
            regions, *size, rule.overlap, category.background, category.ignore_index
        )
        counts[row] = np.bincount(label_map.ravel(), minlength=256)[: counts.shape[1]]
        runs.append(run_lengths(label_map))
        unwanted = (category.ignore_index, category.background)
        kept += [
            (row, region, item.annotation_id)
            for region, item in zip(regions, objects)
            if region.label not in unwanted and region.crop.size
        ]
    codes = [
        coco_mask.encode(np.asfortranarray(region.crop, np.uint8))['counts']
        for _, region, _ in kept
    ]
    meta = dict(images=coco.images, has_labels=coco.objects is not None)
    return meta, dict(
        class_counts=counts,
        run_offset=_offsets(len(labels) for labels, _ in runs),
        run_label=np.concatenate([labels for labels, _ in runs] or [np.zeros(0, 'u1')]),
        run_length=np.concatenate([n for _, n in runs] or [np.zeros(0, 'u4')]),
        instance_image=np.array([row for row, _, _ in kept], np.int64),
        instance_label=np.array([region.label for _, region, _ in kept], np.int64),
        instance_area=np.array([region.crop.sum() for _, region, _ in kept], np.int64),
        instance_box=np.array([r.box for _, r, _ in kept], np.int32).reshape(-1, 4),
        instance_id=np.array([number for _, _, number in kept], np.int64),
        instance_offset=_offsets(map(len, codes)),
        instance_code=np.frombuffer(b''.join(codes), np.uint8),
    )


def run_lengths(label_map: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encode a label map row-major: labels (R,) uint8 and lengths (R,) uint32."""
    flat = label_map.ravel()
    starts = np.append(0, np.flatnonzero(flat[1:] != flat[:-1]) + 1)
    return flat[starts], np.diff(np.append(starts, flat.size)).astype(np.uint32)


def _offsets(lengths: Iterable[int]) -> np.ndarray:
    return np.cumsum([0, *lengths], dtype=np.int64)
