"""The two components of our own: the canvas and the gallery."""

from collections.abc import Callable, Mapping, Sequence
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
    on_step: Callable[[int], None] | None = None,
) -> None:
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
        on_step: Called with -1 or 1 when an arrow key was pressed, before the page is
            drawn again.
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

    def step() -> None:
        pressed = st.session_state[key].step
        if pressed and on_step is not None:
            on_step(int(pressed['by']))

    _CANVAS(data=data, key=key, on_step_change=step)


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
    on_pick: Callable[[str], None] | None = None,
) -> str | None:
    """Show small pictures with their labels.

    Args:
        album: Where they come from.
        names: Which.
        key: Key of the widget.
        notes: A second line for some.
        picked: The one with a frame.
        size: Width of a card in pixels.
        on_pick: Called with the clicked name before the page is drawn again.

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

    def pick() -> None:
        name = st.session_state[key].picked
        if name and on_pick is not None:
            on_pick(name)

    result = _GALLERY(data=dict(items=items, size=size), key=key, on_picked_change=pick)
    return result.picked or None
