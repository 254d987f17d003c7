"""Pictures and label maps as data URLs, for pages and reports."""

import base64
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..inference.visualize import ERRORS, error_kinds, overlay
from ..metainfo import IGNORE_INDEX
from .album import Album, Outline, Picture

IGNORED_NAME = 'ignored'
_IGNORED_COLOUR = (255, 255, 255)


def jpeg_url(picture: Picture, quality: int = 88) -> str:
    """Encode an RGB picture, (H, W, 3) uint8, as JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return _url('jpeg', cv2.imencode('.jpg', picture[..., ::-1], options)[1])


def label_url(label: NDArray[np.uint8]) -> str:
    """Encode a label map, (H, W) uint8, as grey PNG: the grey value is the label."""
    return _url('png', cv2.imencode('.png', label)[1])


def _url(kind: str, content: NDArray[np.uint8]) -> str:
    code = base64.b64encode(content.tobytes()).decode('ascii')
    return f'data:image/{kind};base64,{code}'


def legend(
    classes: Sequence[str], palette: Sequence[tuple[int, int, int]], background: int
) -> list[dict[str, Any]]:
    """Return label, name and colour of what a label map can hold.

    ``quiet`` marks what is never drawn: background.
    """
    entries = [
        dict(
            label=label,
            name=name,
            colour=list(palette[label]),
            quiet=label == background,
        )
        for label, name in enumerate(classes)
    ]
    ignored = dict(
        label=IGNORE_INDEX, name=IGNORED_NAME, colour=list(_IGNORED_COLOUR), quiet=False
    )
    return [*entries, ignored]


def error_legend() -> list[dict[str, Any]]:
    """Return the entries of `visualize.ERRORS`."""
    quiet = dict(label=0, name='background', colour=[0, 0, 0], quiet=True)
    return [quiet] + [
        dict(label=label, name=name, colour=list(colour), quiet=False)
        for label, (name, colour) in enumerate(ERRORS.items(), 1)
    ]


def plain_panel(title: str) -> dict[str, Any]:
    """Return a panel of the photograph alone."""
    return dict(title=title, kind='image')


def label_panel(
    title: str,
    label: NDArray[np.uint8] | None = None,
    outlines: Sequence[Outline] = (),
    note: str = '',
) -> dict[str, Any]:
    """Return a panel of a label map, polygons, or both.

    Args:
        title: Its heading.
        label: (H, W) uint8, of any size.
        outlines: Polygons in pixels of the photograph.
        note: What stands at the right of the heading.
    """
    lines = [
        dict(
            id=outline.annotation_id,
            label=outline.label,
            polygons=[part.round(1).tolist() for part in outline.polygons],
        )
        for outline in outlines
    ]
    url = None if label is None else label_url(label)
    return dict(title=title, kind='labels', layer=url, outlines=lines, note=note)


def error_panel(
    title: str, truth: NDArray[np.uint8], prediction: NDArray[np.uint8], note: str = ''
) -> dict[str, Any]:
    """Return a panel of right and wrong pixels; both maps of one shape.

    What either ignores is neither.
    """
    ignored = prediction == IGNORE_INDEX
    truth = np.where(ignored, np.uint8(IGNORE_INDEX), truth)
    return dict(
        title=title,
        kind='marks',
        layer=label_url(error_kinds(truth, prediction)),
        legend=error_legend(),
        note=note,
    )


def change_panel(
    title: str,
    changed: NDArray[np.uint8],
    names: Sequence[str],
    note: str = '',
    colours: Sequence[tuple[int, int, int]] = tuple(ERRORS.values()),
) -> dict[str, Any]:
    """Return a panel of marks: 0 is nothing, k the k-th of ``names``."""
    entries = [dict(label=0, name='unchanged', colour=[0, 0, 0], quiet=True)]
    entries += [
        dict(label=i, name=name, colour=list(colour), quiet=False)
        for i, (name, colour) in enumerate(zip(names, cycle(colours)), 1)
    ]
    return dict(
        title=title,
        kind='marks',
        layer=label_url(changed.astype(np.uint8)),
        legend=entries,
        note=note,
    )


def thumbnail(album: Album, row: int, size: int = 220, opacity: float = 0.45) -> str:
    """Return a small picture with its labels, as JPEG URL.

    Args:
        album: The album.
        row: Which image.
        size: Length of the longer side in pixels.
        opacity: Weight of the labels' colours; 0 leaves them out.

    Raises:
        FileNotFoundError: There is no such photograph.
        DataError: It is broken.
    """
    picture = album.picture(row)
    scale = min(1.0, size / max(picture.shape[:2]))
    target = (
        max(1, round(picture.shape[1] * scale)),
        max(1, round(picture.shape[0] * scale)),
    )
    small: Picture = cv2.resize(picture, target, interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )
    if opacity and album.has_labels:
        label = cv2.resize(
            album.label_map(row), target, interpolation=cv2.INTER_NEAREST
        )
        small = overlay(small, label.astype(np.uint8), album.palette, opacity)
    return jpeg_url(small, 82)
