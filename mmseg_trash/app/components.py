"""The two components of our own: the canvas and the gallery."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ..errors import DataError
from ..workbench.album import Album
from ..workbench.layers import jpeg_url, legend, thumbnail

_FOLDER = Path(__file__).parent


def _component(name: str) -> Any:
    """Register a component; its script and style stand beside this file."""
    return st.components.v2.component(
        f'mmseg_trash_{name}',
        css=(_FOLDER / f'{name}.css').read_text(encoding='utf-8'),
        js=(_FOLDER / f'{name}.js').read_text(encoding='utf-8'),
    )


_CANVAS = _component('canvas')
_GALLERY = _component('gallery')


def canvas(
    album: Album,
    name: str,
    picture: Any,
    panels: Sequence[Mapping[str, Any]],
    key: str,
    present: Sequence[int] | None = None,
    marked: int | None = None,
    columns: int = 4,
    focus: Sequence[float] | None = None,
) -> int:
    """Show panels of a photograph.

    Args:
        album: Where class names and colours come from.
        name: Name of the photograph.
        picture: (H, W, 3) uint8, RGB.
        panels: As `mmseg_trash.workbench.layers` makes them.
        key: Key of the widget.
        present: Labels that occur; the others are quiet in the legend.
        marked: Id of the annotation to point at.
        columns: Most panels side by side.
        focus: Box x, y, width, height in pixels to show first; None shows all.

    Returns:
        -1 or 1 when an arrow key was pressed, else 0.
    """
    data = dict(
        name=name,
        image=jpeg_url(picture),
        panels=list(panels),
        legend=legend(album.classes, album.palette, album.rule.category.background),
        present=None if present is None else [int(label) for label in present],
        marked=marked,
        columns=columns,
        focus=None if focus is None else [max(1.0, float(v)) for v in focus],
        store='canvas',
    )
    result = _CANVAS(data=data, key=key, on_step_change=lambda: None)
    return int(result.step or 0)


@st.cache_data(max_entries=4000, show_spinner=False)
def _thumbnail(_album: Album, stamp: str, name: str, size: int) -> str | None:
    try:
        return thumbnail(_album, _album.row(name), size)
    except (DataError, OSError):
        return None


def gallery(
    album: Album,
    names: Sequence[str],
    key: str,
    notes: Mapping[str, str] | None = None,
    picked: str | None = None,
    size: int = 150,
) -> str | None:
    """Show small pictures with their labels.

    Args:
        album: Where they come from.
        names: Which.
        key: Key of the widget.
        notes: A second line for some.
        picked: The one with a frame.
        size: Width of a card in pixels.

    Returns:
        The name that was clicked just now, else None.
    """
    stamp = f'{album.json_path}:{album.json_path.stat().st_mtime_ns}'
    items = [
        dict(
            name=name,
            image=_thumbnail(album, stamp, name, 2 * size),
            note=(notes or {}).get(name, ''),
            picked=name == picked,
        )
        for name in names
    ]
    result = _GALLERY(
        data=dict(items=items, size=size), key=key, on_picked_change=lambda: None
    )
    return result.picked or None
