"""Write captions and legends as pictures: RGB, uint8."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

INK: Colour = (33, 37, 41)
PAPER: Colour = (255, 255, 255)


@cache
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load the font that comes with matplotlib, so that every machine draws alike."""
    import matplotlib

    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return ImageFont.truetype(Path(matplotlib.get_data_path(), 'fonts/ttf', name), size)


def text_strip(
    text: str, width: int, height: int, size: int = 13, bold: bool = False
) -> Picture:
    """Write text, centred, on as many lines as ``height`` holds.

    It breaks at spaces. What does not fit is cut off with an ellipsis; a single word
    that is too long, such as a path, loses its middle.

    Args:
        text: What to write.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        size: Height of the letters in pixels.
        bold: Whether the letters are bold.

    Returns:
        ``height`` x ``width`` x 3 picture.
    """
    strip = Image.new('RGB', (width, height), PAPER)
    font = _font(size, bold)
    step = size + size // 3
    lines = _wrap(text, width - 4, max(1, height // step), font)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        place = (width / 2, step / 2 + 2 + number * step)
        draw.text(place, line, INK, font, anchor='mm')
    return np.asarray(strip)


def _wrap(text: str, width: int, most: int, font: ImageFont.FreeTypeFont) -> list[str]:
    lines = ['']
    for word in text.split(' '):
        joined = f'{lines[-1]} {word}'.strip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
        elif not lines[-1]:
            lines[-1] = _squeeze(word, width, font)
        else:
            lines.append(_squeeze(word, width, font))
    if len(lines) > most:
        last = lines[most - 1]
        while last and font.getlength(f'{last} …') > width:
            last = last.rpartition(' ')[0]
        lines[most - 1] = f'{last} …'.strip()
    return lines[:most]


def _squeeze(word: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """Take characters out of the middle of a word until it fits."""
    shown, keep = word, len(word)
    while font.getlength(shown) > width and keep > 2:
        keep -= 1
        shown = f'{word[: (keep + 1) // 2]}…{word[len(word) - keep // 2 :]}'
    return shown


def legend(
    entries: Sequence[tuple[str, Colour]], width: int, size: int = 13
) -> Picture:
    """Draw colour swatches with their names, wrapped into as many lines as needed.

    Args:
        entries: Names and colours.
        width: Width of the picture in pixels.
        size: Height of the letters in pixels.

    Returns:
        H x ``width`` x 3 picture.
    """
    font, line, gap = _font(size), 2 * size, size
    places: list[tuple[int, int]] = []
    left, top = gap, gap // 2
    for name, _ in entries:
        taken = int(font.getlength(name)) + 3 * gap + gap // 2
        if left + taken > width and left > gap:
            left, top = gap, top + line
        places.append((left, top))
        left += taken
    strip = Image.new('RGB', (width, top + line), PAPER)
    draw = ImageDraw.Draw(strip)
    for (name, colour), (x, y) in zip(entries, places):
        box = (x, y + 3, x + gap + gap // 2, y + line - 6)
        draw.rectangle(box, fill=colour, outline=INK)
        draw.text((x + 2 * gap, y + line / 2 - 1), name, INK, font, anchor='lm')
    return np.asarray(strip)
