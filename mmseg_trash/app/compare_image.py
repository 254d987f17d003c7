"""One image with all predictions, and what differs between them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from ..workbench import layers
from ..workbench.album import Album
from ..workbench.changes import (
    AGAINST_TRUTH,
    WITHOUT_TRUTH,
    change_kinds,
    disagreement_levels,
)
from .components import canvas
from .state import CURRENT

CHANGE = ((46, 160, 67), (218, 54, 51), (240, 180, 0))
HEAT = ((240, 180, 0), (226, 99, 40), (190, 24, 60))
CHOICE, NAMES = 'compare_image', 'compare_names'


def choose_image(album: Album, members: Mapping[str, Any]) -> str | None:
    """Offer the images that all predictions have; return the one that is chosen."""
    names = [name for name in album.names if all(name in m for m in members.values())]
    if not names:
        st.warning(
            f'No image of {album.ann_file} is in all of {", ".join(members)}; choose '
            'another file in the sidebar, or other predictions.'
        )
        return None
    current = st.session_state.get(CURRENT)
    index = names.index(current) if current in names else 0
    row = st.container(horizontal=True, vertical_alignment='bottom')
    name = row.selectbox('Image', names, index, key=CHOICE, width=420)
    for label, by, icon in (('previous', -1, 'left'), ('next', 1, 'right')):
        row.button(
            '',
            icon=f':material/chevron_{icon}:',
            key=f'compare_{label}',
            on_click=leaf,
            args=(by,),
        )
    st.session_state[CURRENT] = name
    st.session_state[NAMES] = names
    return name


def leaf(by: int) -> None:
    """Go to another of the images that `choose_image` offers."""
    names, name = st.session_state[NAMES], st.session_state[CURRENT]
    st.session_state[CHOICE] = names[(names.index(name) + by) % len(names)]


def image(album: Album, members: Mapping[str, Any]) -> None:
    """Draw one image with all predictions."""
    name = choose_image(album, members)
    if name is None:
        return
    number = album.row(name)
    truth = album.label_map(number) if album.has_labels else None
    maps = {title: member.label_map(name) for title, member in members.items()}
    panels = [layers.plain_panel('Photograph')]
    if truth is not None:
        panels.append(layers.label_panel('Truth', truth))
    panels += [layers.label_panel(title, label) for title, label in maps.items()]
    if len(maps) > 1:
        before, after = list(maps.values())[:2]
        kinds = change_kinds(before, after, truth)
        share = f'{100 * (kinds > 0).mean():.1f} % changed'
        named = WITHOUT_TRUTH if truth is None else AGAINST_TRUTH
        panels.append(
            layers.change_panel('First to second', kinds, named, share, CHANGE)
        )
    if len(maps) > 2:
        levels, level_names = disagreement_levels(list(maps.values()))
        share = f'{100 * (levels > 0).mean():.1f} % disputed'
        panels.append(
            layers.change_panel('Disagreement', levels, level_names, share, HEAT)
        )
    shown = [label for label in (truth, *maps.values()) if label is not None]
    present = sorted(set(np.concatenate([np.unique(label) for label in shown])))
    wide = 3 if len(panels) in (5, 6) else 4
    picture = album.picture(number)
    canvas(
        album,
        name,
        picture,
        panels,
        'compare_canvas',
        present,
        columns=wide,
        on_step=leaf,
    )
