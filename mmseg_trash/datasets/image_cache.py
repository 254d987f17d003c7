"""Decoded images in one memory-mapped file that all workers share.

Two files: ``.pixels`` holds the images one after the other, ``.images`` their places
and checksums. The second is written last: without it the first counts for nothing.
"""

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..fileio import atomic_write
from ..progress import track
from .array_file import ArrayFile, DamagedFileError, open_arrays, write_arrays
from .cache_folder import (
    LIMIT_VARIABLE,
    build_lock,
    cache_folder,
    cache_limit,
    evict,
    touch,
)
from .images import read_image

FORMAT_VERSION = 1


class ImageCache:
    """Read access to decoded images.

    Args:
        index: The opened ``.images`` file.
        pixels: (bytes,) uint8, the mapped ``.pixels`` file.
        paths: The images' own files, read again when a cached image is damaged.
        shapes: (height, width) of each image.
    """

    def __init__(
        self,
        index: ArrayFile,
        pixels: np.ndarray,
        paths: Sequence[str],
        shapes: Sequence[tuple[int, int]],
    ) -> None:
        self._offset = index.arrays['offset']
        self._crc = index.arrays['crc']
        self._pixels = pixels
        self._paths = paths
        self._shapes = shapes
        self._checked = np.zeros(len(paths), bool)

    def __deepcopy__(self, memo: dict) -> 'ImageCache':
        return self

    def image(self, idx: int) -> np.ndarray:
        """Return an image, checked against its checksum once per process.

        Args:
            idx: Index of the image.

        Returns:
            (height, width, 3) uint8, BGR, the caller's own.
        """
        height, width = self._shapes[idx]
        start = self._offset[idx]
        flat = self._pixels[start : start + height * width * 3]
        if not self._checked[idx]:
            if zlib.crc32(flat.data) != self._crc[idx]:
                return read_image(self._paths[idx], height, width)
            self._checked[idx] = True
        return flat.reshape(height, width, 3).copy()


def image_key(paths: Sequence[str]) -> str:
    """Return what a cache is made from: names, sizes and dates of the files.

    Raises:
        FileNotFoundError: An image does not exist.
    """
    entries = []
    for path in paths:
        try:
            status = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(f'image {path} does not exist') from None
        entries.append([path, status.st_size, status.st_mtime_ns])
    content = json.dumps([FORMAT_VERSION, entries]).encode()
    return hashlib.sha256(content).hexdigest()[:32]


def open_image_cache(
    paths: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    title: str,
    cache_dir: str | os.PathLike[str] | None = None,
) -> ImageCache:
    """Open the cache of some images; decode them all when there is none.

    Args:
        paths: The images.
        shapes: (height, width) of each, in pixels.
        title: Name of the data set, for file name and progress bar.
        cache_dir: Folder of the cache, see ``cache_folder``.

    Raises:
        DataError: An image is damaged, or all together exceed the cache's limit.
        FileNotFoundError: An image does not exist.
        PermissionError: The cache folder cannot be written.
    """
    size = sum(height * width * 3 for height, width in shapes)
    if size > cache_limit():
        raise DataError(
            f'image_cache: {len(paths)} decoded images of {title} take '
            f'{size / 2**30:.1f} GB, more than the {cache_limit() / 2**30:.1f} GB that '
            f'{LIMIT_VARIABLE} allows'
        )
    key = image_key(paths)
    index = cache_folder(cache_dir) / f'{title}-{key}.images'
    for locked in (False, True):
        with build_lock(index) if locked else contextlib.nullcontext():
            with contextlib.suppress(OSError, DamagedFileError):
                return _open(index, key, size, paths, shapes)
            if locked:
                _build(index, key, paths, shapes, title)
                evict(index.parent, keep=index)
                return _open(index, key, size, paths, shapes)
    raise AssertionError('unreachable')


def _open(
    index: Path,
    key: str,
    size: int,
    paths: Sequence[str],
    shapes: Sequence[tuple[int, int]],
) -> ImageCache:
    file = open_arrays(index, key)
    pixels = index.with_suffix('.pixels')
    if pixels.stat().st_size != size:
        raise DamagedFileError(f'{pixels} has another length than its images')
    mapped = np.frombuffer(np.memmap(pixels, np.uint8, 'r', shape=(size,)), np.uint8)
    touch(index)
    touch(pixels)
    return ImageCache(file, mapped, paths, shapes)


def _build(
    index: Path,
    key: str,
    paths: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    title: str,
) -> None:
    checksums, offsets, offset = [], [], 0
    pairs = track(zip(paths, shapes), len(paths), f'Decoding {title}')
    with atomic_write(index.with_suffix('.pixels')) as path, path.open('wb') as file:
        for name, (height, width) in pairs:
            data = np.ascontiguousarray(read_image(name, height, width))
            file.write(data.data)
            checksums.append(zlib.crc32(data.data))
            offsets.append(offset)
            offset += data.nbytes
    arrays = dict(offset=np.array(offsets, np.int64), crc=np.array(checksums, np.int64))
    write_arrays(index, key, {}, arrays)
