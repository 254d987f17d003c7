"""Put pictures in rows onto one sheet, with headings, captions and a legend."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError
from ..fileio import atomic_write
from .lettering import PAPER, Colour, Picture, legend, text_strip
from .visualize import fit

Legend = Sequence[tuple[str, Colour]]

MARGIN = 6
HEADING = 30
CAPTION = 40


def contact_sheet(
    rows: Sequence[Sequence[Picture]],
    headings: Sequence[str],
    captions: Sequence[Sequence[str]],
    legends: Sequence[Legend],
    tile: int = 288,
) -> Picture:
    """Lay pictures out in equal square tiles.

    Args:
        rows: Pictures of any size, H x W x 3; every row has one per heading.
        headings: Titles of the columns.
        captions: The text under each picture.
        legends: Names and colours, each legend on lines of its own at the bottom.
        tile: Side of a tile in pixels.

    Returns:
        The sheet, H x W x 3.

    Raises:
        ValueError: There are no rows, or a row's length differs from the headings'.
    """
    if not rows:
        raise ValueError('expected at least one row of pictures, got none')
    for part in (*rows, *captions):
        if len(part) != len(headings):
            raise ValueError(f'{len(part)} pictures under {len(headings)} headings')
    lines = [_line([text_strip(name, tile, HEADING, 15, True) for name in headings])]
    for pictures, texts in zip(rows, captions, strict=True):
        lines.append(_line([fit(picture, tile) for picture in pictures]))
        lines.append(_line([text_strip(text, tile, CAPTION, 12) for text in texts]))
    width = lines[0].shape[1]
    return np.vstack([*lines, *(legend(entries, width) for entries in legends)])


def _line(tiles: Sequence[Picture]) -> Picture:
    gap = np.full((tiles[0].shape[0], MARGIN, 3), PAPER, dtype=np.uint8)
    parts = [gap]
    for tile in tiles:
        parts += [tile, gap]
    return np.hstack(parts)


def write_sheets(
    rows: Iterable[tuple[Sequence[Picture], Sequence[str]]],
    headings: Sequence[str],
    legends: Sequence[Legend],
    path: str | os.PathLike[str],
    per_sheet: int = 6,
    tile: int = 288,
) -> Iterator[Path]:
    """Write rows onto numbered sheets; one sheet is in memory at a time.

    Args:
        rows: Pictures and their captions.
        headings: Titles of the columns.
        legends: See `contact_sheet`.
        path: ``folder/name.png``; the sheets become ``folder/name_01.png`` and so on.
        per_sheet: Rows on a sheet.
        tile: Side of a picture in pixels.

    Yields:
        The path of each sheet once it is written.
    """
    target = Path(path)
    source = iter(rows)
    number = 0
    while part := list(islice(source, per_sheet)):
        number += 1
        pictures, captions = zip(*part)
        sheet = contact_sheet(pictures, headings, captions, legends, tile)
        written = target.with_name(f'{target.stem}_{number:02}{target.suffix}')
        write_picture(sheet, written)
        yield written


def write_picture(picture: Picture, path: str | os.PathLike[str]) -> None:
    """Write an RGB picture as PNG, whole or not at all.

    Raises:
        DataError: The folder cannot be made or written.
    """
    done, data = cv2.imencode('.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f'a picture of shape {picture.shape} cannot be written as PNG')
    try:
        with atomic_write(path) as temporary:
            Path(temporary).write_bytes(data.tobytes())
    except OSError as error:
        raise DataError(f'{path}: cannot be written: {error}') from error
