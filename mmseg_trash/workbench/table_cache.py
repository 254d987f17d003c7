"""Keep the figures of images on disk."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from ..datasets.array_file import DamagedFileError, open_arrays, write_arrays
from ..datasets.cache_folder import build_lock, cache_folder, evict, touch
from ..datasets.label_cache import LabelCache
from .image_table import ImageTable, measure_images


def open_table(
    labels: LabelCache,
    folder: Path,
    key: str,
    classes: int,
    file: Path,
    cache_dir: str | os.PathLike[str] | None,
    workers: int | None,
    allowed: Sequence[Path] = (),
) -> ImageTable:
    """Open the table of a COCO file's images; measure them when there is none.

    Args:
        labels: The label maps.
        folder: Where the images' names start.
        key: What the table is made from, see `image_table.images_key`.
        classes: Number of classes.
        file: The JSON, for names.
        cache_dir: Folder of the cache.
        workers: Threads that measure.
        allowed: See `survey.open_survey`.

    Raises:
        PermissionError: The cache folder cannot be written.
    """
    path = cache_folder(cache_dir) / f'{file.stem}-{key}.survey'
    for locked in (False, True):
        with build_lock(path) if locked else contextlib.nullcontext():
            with contextlib.suppress(OSError, DamagedFileError):
                found = open_arrays(path, key)
                touch(path)
                faults = tuple(found.meta['faults'])
                return ImageTable(**found.arrays, faults=faults)
            if locked:
                label_map = labels.label_map if labels.has_labels else None
                table = measure_images(
                    labels.images,
                    folder,
                    label_map,
                    classes,
                    file.name,
                    workers,
                    allowed,
                )
                arrays = table._asdict()
                faults = arrays.pop('faults')
                write_arrays(path, key, dict(faults=list(faults)), arrays)
                evict(path.parent, keep=path)
                return table
    raise AssertionError('unreachable')
