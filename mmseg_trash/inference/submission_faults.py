"""Find what is wrong with a submission CSV before the organiser does."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from ..errors import DataError
from ..metainfo import NUM_CLASSES
from .submission_format import SIZE
from .submission_row import Layout, header_layout, prediction_faults, split_row

MAX_ROW_BYTES = 16 * SIZE * SIZE
"""A longer line is no row; keeps a file without line ends from filling the memory."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        level: An error makes the file unusable, a warning does not.
        kind: A short name, one per sort of fault.
        message: What is wrong, with the value and what was expected.
        row: Line of the file, the header being 1; None for the file as a whole.
        image_id: The row's first column; empty where there is none.
    """

    level: Literal['error', 'warning']
    kind: str
    message: str
    row: int | None = None
    image_id: str = ''

    def __str__(self) -> str:
        """Give one line for people."""
        place = '' if self.row is None else f'row {self.row}: '
        name = f'{self.image_id}: ' if self.image_id else ''
        return f'{self.level}: {place}{name}{self.message}'


def read_image_ids(path: str | os.PathLike[str]) -> list[str]:
    """Read the names of the images of a COCO JSON, in its order.

    Args:
        path: The JSON; annotations are not needed.

    Returns:
        The ``file_name`` of every image.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: It is no COCO JSON, has no image, or names one twice.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        names = [str(image['file_name']) for image in content['images']]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}: expected a COCO JSON whose images have a file_name ({error!r})'
        ) from error
    if not names:
        raise DataError(f'{path}: holds no images')
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path}: image {doubled!r} stands in it twice')
    return names


def validate_submission(
    csv_path: str | os.PathLike[str],
    json_path: str | os.PathLike[str],
    num_classes: int = NUM_CLASSES,
    count: int = SIZE * SIZE,
) -> list[Fault]:
    """List every fault of a submission; read row by row, never as a whole.

    Args:
        csv_path: The submission.
        json_path: The test set's COCO JSON.
        num_classes: Number of labels.
        count: Integers per row.

    Returns:
        The faults, in the order of the file and those of the whole file last.

    Raises:
        FileNotFoundError: One of the files is missing.
        DataError: The JSON is unusable.
    """
    names = read_image_ids(json_path)
    with Path(csv_path).open('rb') as file:
        return list(_file_faults(file, names, num_classes, count))


def _file_faults(
    file: BinaryIO, names: Sequence[str], num_classes: int, count: int
) -> Iterator[Fault]:
    first = file.readline(MAX_ROW_BYTES)
    if not first.strip():
        yield Fault('error', 'empty', 'the file is empty or begins with an empty line')
        return
    if first.startswith(b'\xef\xbb\xbf'):
        message = 'begins with a byte-order mark, expected UTF-8 without one'
        yield Fault('error', 'byte_order_mark', message, 1)
        first = first[3:]
    try:
        header = first.decode('utf-8')
    except UnicodeDecodeError as error:
        yield Fault('error', 'not_utf8', f'is not UTF-8: {error}', 1)
        return
    if header.endswith('\r\n'):
        yield Fault('warning', 'line_ends', 'Windows line ends, expected \\n alone', 1)
    layout, problems = header_layout(header.rstrip('\r\n'))
    for kind, message in problems:
        yield Fault('error', kind, message, 1)
    order: dict[str, int] = {}
    known = set(names)
    start = 2
    if layout.header_is_data:
        file.seek(0)
        start = 1
    for row, line in enumerate(iter(lambda: file.readline(MAX_ROW_BYTES), b''), start):
        if len(line) == MAX_ROW_BYTES and not line.endswith(b'\n'):
            message = f'no line end within {MAX_ROW_BYTES} bytes; read no further'
            yield Fault('error', 'row_length', message, row)
            break
        yield from _row_faults(
            row, line.rstrip(b'\r\n'), layout, order, known, num_classes, count
        )
    yield from _order_faults(order, names)


def _row_faults(
    row: int,
    line: bytes,
    layout: Layout,
    order: dict[str, int],
    known: set[str],
    num_classes: int,
    count: int,
) -> Iterator[Fault]:
    """Check one row and note its image in ``order`` (image_id -> row)."""
    if not line.strip():
        yield Fault('warning', 'blank_row', 'is empty', row)
        return
    try:
        line.decode('utf-8')
    except UnicodeDecodeError as error:
        yield Fault('error', 'not_utf8', f'is not UTF-8: {error}', row)
        return
    image_id, prediction, problems = split_row(line, layout, known)
    for kind, message in problems:
        yield Fault('error', kind, message, row, image_id)
    if image_id in order:
        message = f'doubled image_id, first in row {order[image_id]}'
        yield Fault('error', 'doubled', message, row, image_id)
    elif image_id in known:
        order[image_id] = row
    else:
        message = f'unknown image_id{_similar(image_id, known)}'
        yield Fault('error', 'unknown', message, row, image_id)
    if prediction is not None:
        for kind, message in prediction_faults(prediction, num_classes, count):
            yield Fault('error', kind, message, row, image_id)


def _similar(image_id: str, known: set[str]) -> str:
    """Point to the image that was probably meant, the folder being lost or changed."""
    flat = image_id.replace('\\', '/')
    tail = PurePosixPath(flat).name
    same = [name for name in known if name == flat or PurePosixPath(name).name == tail]
    return f', did you mean {same[0]!r}?' if len(same) == 1 else ''


def _order_faults(order: dict[str, int], names: Sequence[str]) -> Iterator[Fault]:
    """Compare the images found with those expected."""
    for name in names:
        if name not in order:
            yield Fault('error', 'missing', 'missing image_id', None, name)
    expected = [name for name in names if name in order]
    wrong = [(a, b) for a, b in zip(order, expected) if a != b]
    if wrong:
        found, wanted = wrong[0]
        message = (
            f'{len(wrong)} rows are not in the order of the JSON, '
            f'here {wanted!r} was expected'
        )
        yield Fault('warning', 'order', message, order[found], found)
