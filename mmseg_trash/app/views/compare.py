"""Predictions: several of them on one image, and over a whole set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from ...workbench import layers
from ...workbench.album import Album
from ...workbench.changes import (
    AGAINST_TRUTH,
    WITHOUT_TRUTH,
    change_kinds,
    disagreement_levels,
)
from ..compare_charts import changes, classes, scores, sizes
from ..components import canvas
from ..state import CURRENT, choose_album, load_predictions, offered_predictions

MOST = 4
CHANGE = ((46, 160, 67), (218, 54, 51), (240, 180, 0))
HEAT = ((240, 180, 0), (226, 99, 40), (190, 24, 60))
Members = dict[str, Any]


def show() -> None:
    """Draw the page."""
    album = choose_album()
    st.title('Predictions', anchor=False)
    offered = offered_predictions()
    if not offered:
        st.info(
            'No predictions: put submission CSVs or stores of probabilities into the '
            'data root, or name files with `tools/app.py DATA_ROOT --predictions PATH`.'
        )
        return
    names = list(offered)
    chosen = st.multiselect(
        'Predictions, up to four; the first two are before and after',
        names,
        names[:2],
        max_selections=MOST,
        key='compared',
    )
    if not chosen:
        return
    members = {name: load_predictions(offered[name]) for name in chosen}
    sections: dict[str, Callable[[Album, Members], None]] = {'Image': _image}
    if album.has_labels:
        sections |= {'Scores': scores, 'Sizes': sizes}
    sections['Classes'] = classes
    if len(members) > 1:
        sections['Changes'] = changes
    picked = st.segmented_control(
        'Section',
        list(sections),
        default='Image',
        key='compare_section',
        label_visibility='collapsed',
        required=True,
    )
    sections.get(picked or 'Image', _image)(album, members)


def _image(album: Album, members: Members) -> None:
    """Draw one image with all predictions."""
    names = [name for name in album.names if all(name in m for m in members.values())]
    if not names:
        st.warning(f'No image of {album.ann_file} is in all of {", ".join(members)}.')
        return
    current = st.session_state.get(CURRENT)
    index = names.index(current) if current in names else 0
    row = st.container(horizontal=True, vertical_alignment='bottom')
    name = row.selectbox('Image', names, index, key='compare_image', width=420)
    for label, by, icon in (('previous', -1, 'left'), ('next', 1, 'right')):
        row.button(
            '',
            icon=f':material/chevron_{icon}:',
            key=f'compare_{label}',
            on_click=_step,
            args=(names, name, by),
        )
    st.session_state[CURRENT] = name
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
        on_step=lambda by: _step(names, st.session_state[CURRENT], by),
    )


def _step(names: list[str], name: str, by: int) -> None:
    wanted = names[(names.index(name) + by) % len(names)]
    st.session_state['compare_image'] = wanted
