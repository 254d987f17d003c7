"""Draw label maps: colours, overlays, errors. Images are RGB, uint8."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metainfo import CLASSES, IGNORE_INDEX, PALETTE
from .lettering import Colour, Picture

MOUNT: Colour = (236, 238, 240)
"""Colour of a tile where the photograph does not fill it."""
IGNORED: Colour = (255, 255, 255)
"""Colour of the pixels under the ignore index."""

ERRORS: dict[str, Colour] = {
    'correct object': (46, 160, 67),
    'object missed': (218, 54, 51),
    'object invented': (47, 129, 247),
    'wrong class': (240, 180, 0),
}
"""Colours of `error_map`; correct background shows the darkened image."""


def colourise(
    label: NDArray[np.integer], palette: Sequence[Colour] = PALETTE
) -> Picture:
    """Give every label its colour; the ignore index gets `IGNORED`.

    Args:
        label: H x W label map.
        palette: One RGB colour per label.

    Returns:
        H x W x 3 picture.

    Raises:
        ValueError: A label has no colour.
    """
    table = np.zeros((256, 3), dtype=np.uint8)
    table[: len(palette)] = palette
    table[IGNORE_INDEX] = IGNORED
    outside = (label >= len(palette)) & (label != IGNORE_INDEX) | (label < 0)
    if outside.any():
        raise ValueError(
            f'label {label[outside][0]} has no colour, expected 0..{len(palette) - 1}'
        )
    return table[label]


def overlay(
    image: Picture,
    label: NDArray[np.integer],
    palette: Sequence[Colour] = PALETTE,
    opacity: float = 0.6,
) -> Picture:
    """Tint every region of a label map and draw its edge; background stays as it is.

    Args:
        image: H x W x 3.
        label: H x W.
        palette: One RGB colour per label.
        opacity: Weight of the colour inside a region, 0 to 1.

    Returns:
        H x W x 3 picture.
    """
    return tint(image, colourise(label, palette), label, label != 0, opacity)


def tint(
    image: Picture,
    colours: Picture,
    regions: NDArray[np.integer],
    inside: NDArray[np.bool_],
    opacity: float,
) -> Picture:
    """Blend ``colours`` over ``image`` where ``inside``, with light edges."""
    mixed = cv2.addWeighted(image, 1 - opacity, colours, opacity, 0)
    drawn = np.where(inside[..., None], mixed, image)
    # An edge as wide at any size of the tile that the picture is brought to.
    width = 2 * round(max(regions.shape) / 400) + 3
    kernel = np.ones((width, width), dtype=np.uint8)
    small = regions.astype(np.uint8)
    edge = cv2.erode(small, kernel) != cv2.dilate(small, kernel)
    light = cv2.addWeighted(colours, 0.55, np.full_like(colours, 255), 0.45, 0)
    drawn[edge & inside] = light[edge & inside]
    return drawn.astype(np.uint8)


def error_kinds(
    truth: NDArray[np.integer], prediction: NDArray[np.integer]
) -> NDArray[np.uint8]:
    """Sort pixels by error: 0 correct background or ignored, else as in `ERRORS`."""
    kinds = np.zeros(truth.shape, dtype=np.uint8)
    kinds[(truth == prediction) & (truth != 0)] = 1
    kinds[(truth != 0) & (prediction == 0)] = 2
    kinds[(truth == 0) & (prediction != 0)] = 3
    kinds[(truth != 0) & (prediction != 0) & (truth != prediction)] = 4
    kinds[truth == IGNORE_INDEX] = 0
    return kinds


def error_map(
    image: Picture, truth: NDArray[np.integer], prediction: NDArray[np.integer]
) -> Picture:
    """Show right and wrong pixels in the colours of `ERRORS` over the grey image."""
    kinds = error_kinds(truth, prediction)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    dark = cv2.addWeighted(grey, 0.55, np.zeros_like(grey), 0.45, 0)
    colours = colourise(kinds, [(0, 0, 0), *ERRORS.values()])
    mixed = cv2.addWeighted(dark, 0.25, colours, 0.75, 0)
    picture: Picture = np.where(kinds[..., None] > 0, mixed, dark).astype(np.uint8)
    return picture


def fit(image: Picture, size: int, nearest: bool = False) -> Picture:
    """Bring a picture into a square tile, its proportions kept, the rest `MOUNT`.

    Args:
        image: H x W x 3.
        size: Side of the tile in pixels.
        nearest: Keep hard pixels (label colours) where the picture is enlarged.

    Returns:
        ``size`` x ``size`` x 3.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    grow = cv2.INTER_NEAREST if nearest else cv2.INTER_CUBIC
    small = cv2.resize(
        image, target, interpolation=cv2.INTER_AREA if scale < 1 else grow
    )
    tile = np.full((size, size, 3), MOUNT, dtype=np.uint8)
    top, left = (size - target[1]) // 2, (size - target[0]) // 2
    tile[top : top + target[1], left : left + target[0]] = small
    return tile


def class_entries(
    classes: Sequence[str] = CLASSES, palette: Sequence[Colour] = PALETTE
) -> list[tuple[str, Colour]]:
    """Pair classes with their colours, the background (never tinted) left out."""
    return list(zip(classes, palette))[1:]
