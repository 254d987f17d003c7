"""Write a submission CSV: one row per test image, its label map at 256 x 256."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import NUM_CLASSES
from .submission_faults import Fault, read_image_ids, validate_submission
from .submission_format import HEADER, SIZE, decode_label_map, encode_label_map

__all__ = [
    'Fault',
    'check_target',
    'decode_label_map',
    'encode_label_map',
    'read_image_ids',
    'validate_submission',
    'write_submission',
]


def write_submission(
    rows: Iterable[tuple[str, NDArray[np.integer]]],
    path: str | os.PathLike[str],
    image_ids: Sequence[str] | None = None,
    num_classes: int = NUM_CLASSES,
    size: int = SIZE,
) -> int:
    """Stream label maps into a submission CSV that appears whole or not at all.

    Args:
        rows: Pairs of ``image_id`` (the ``file_name`` in the JSON, with its folder) and
            the label map, H x W integers at full size; it is brought to ``size`` by
            nearest neighbour (512 to 256 takes every second row and column).
        path: The CSV to write.
        image_ids: What ``rows`` must consist of, in this order; None leaves it
            unchecked.
        num_classes: Number of labels.
        size: Side of the written label map in pixels.

    Returns:
        The number of rows written.

    Raises:
        DataError: A label is out of range, an image is doubled, missing, unknown or out
            of order, or the folder cannot be written; there is no file then.
    """
    check_target(path)
    # Imported late: the metrics package brings the whole framework along, which those
    # who only encode or validate do not need.
    from ..metrics.confusion import resize_nearest

    seen: set[str] = set()
    with (
        atomic_write(path) as temporary,
        Path(temporary).open('w', encoding='utf-8', newline='\n') as file,
    ):
        file.write(f'{HEADER}\n')
        for image_id, label in rows:
            _check_next(image_id, seen, image_ids)
            seen.add(image_id)
            if label.ndim != 2:
                raise DataError(
                    f'{image_id}: expected a label map H x W, got shape {label.shape}'
                )
            try:
                text = encode_label_map(resize_nearest(label, size), num_classes)
            except ValueError as error:
                raise DataError(f'{image_id}: {error}') from error
            file.write(f'{_quoted(image_id)},{text}\n')
        if image_ids is not None and len(seen) < len(image_ids):
            raise DataError(
                f'{len(image_ids) - len(seen)} of {len(image_ids)} images were not '
                f'predicted, the first is {image_ids[len(seen)]!r}'
            )
    return len(seen)


def check_target(path: str | os.PathLike[str]) -> None:
    """Make the folder of a file to come and see that the file can be written.

    Raises:
        DataError: It cannot.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f'{target}: cannot be written: {error}') from error
    if not os.access(target.parent, os.W_OK):
        raise DataError(f'{target}: cannot be written: no right to its folder')
    if target.is_dir():
        raise DataError(f'{target}: cannot be written: is a folder')


def _check_next(image_id: str, seen: set[str], image_ids: Sequence[str] | None) -> None:
    """Refuse an image that was written before or whose turn it is not."""
    if image_id in seen:
        raise DataError(f'{image_id}: predicted twice')
    if image_ids is None:
        return
    expected = (
        image_ids[len(seen)] if len(seen) < len(image_ids) else 'no further image'
    )
    if image_id != expected:
        raise DataError(f'{image_id}: predicted where {expected!r} was expected')


def _quoted(image_id: str) -> str:
    """Quote a name that holds a comma or a quote, as CSV demands."""
    if not any(sign in image_id for sign in ',"\r\n'):
        return image_id
    line = io.StringIO()
    csv.writer(line, lineterminator='').writerow([image_id])
    return line.getvalue()
