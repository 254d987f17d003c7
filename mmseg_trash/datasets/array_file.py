"""A file of named arrays that is memory-mapped and never trusted.

Layout: magic, format version, length and CRC of a JSON header, the header (key, meta,
table of arrays, CRC of the payload), then the arrays, each on a 64-byte boundary.
"""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..fileio import atomic_write

_MAGIC = b'TRASHARR'
_VERSION = 1
_PREFIX = struct.Struct('<8sIII')
_ALIGN = 64


class DamagedFileError(Exception):
    """The file is no array file, is cut, altered, or belongs to another key."""


class ArrayFile(NamedTuple):
    """An opened array file: free-form meta, and read-only memory-mapped arrays."""

    meta: dict
    arrays: dict[str, np.ndarray]


def write_arrays(
    path: str | os.PathLike[str],
    key: str,
    meta: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Write an array file, whole or not at all.

    Args:
        path: The file.
        key: What the content was made from; ``open_arrays`` demands the same.
        meta: Anything that JSON can hold.
        arrays: Name -> array.

    Raises:
        OSError: The folder cannot be written or is full.
    """
    table, offset, crc = {}, 0, 0
    chunks: list[bytes] = []
    for name, array in arrays.items():
        data = array.tobytes()
        table[name] = [array.dtype.str, list(array.shape), offset]
        padding = bytes(-len(data) % _ALIGN)
        for chunk in (data, padding):
            chunks.append(chunk)
            crc = zlib.crc32(chunk, crc)
        offset += len(data) + len(padding)
    header = json.dumps(
        dict(key=key, meta=dict(meta), table=table, size=offset, crc=crc)
    ).encode()
    header += b' ' * (-(len(header) + _PREFIX.size) % _ALIGN)
    with atomic_write(path) as temporary, temporary.open('wb') as file:
        prefix = _PREFIX.pack(_MAGIC, _VERSION, len(header), zlib.crc32(header))
        file.write(prefix + header)
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def open_arrays(path: str | os.PathLike[str], key: str) -> ArrayFile:
    """Open an array file after checking every byte of it.

    Args:
        path: The file.
        key: What the content must have been made from.

    Returns:
        Its meta and arrays.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFileError: It is no array file of this version and key, or a checksum
            does not match.
    """
    path = Path(path)
    with path.open('rb') as file:
        prefix = file.read(_PREFIX.size)
        if len(prefix) < _PREFIX.size:
            raise DamagedFileError(f'{path} ends within its first bytes')
        magic, version, length, header_crc = _PREFIX.unpack(prefix)
        if (magic, version) != (_MAGIC, _VERSION):
            raise DamagedFileError(f'{path} is no array file of version {_VERSION}')
        header = file.read(length)
    if len(header) != length or zlib.crc32(header) != header_crc:
        raise DamagedFileError(f'{path} has a damaged header')
    fields = json.loads(header)
    if fields['key'] != key:
        raise DamagedFileError(f'{path} was made from something else')
    start = _PREFIX.size + length
    if path.stat().st_size != start + fields['size']:
        raise DamagedFileError(f'{path} has another length than its header says')
    payload: np.ndarray
    if fields['size']:
        payload = np.memmap(path, np.uint8, 'r', start, (fields['size'],))
    else:
        payload = np.zeros(0, np.uint8)
    if zlib.crc32(payload.data) != fields['crc']:
        raise DamagedFileError(f'{path} has a damaged payload')
    arrays = {}
    for name, (dtype, shape, offset) in fields['table'].items():
        count = int(np.prod(shape, dtype=np.int64))
        # A plain view: indexing the memmap subclass costs microseconds each time.
        array = np.frombuffer(payload, dtype, count, offset) if count else None
        arrays[name] = np.zeros(shape, dtype) if array is None else array.reshape(shape)
    return ArrayFile(fields['meta'], arrays)
