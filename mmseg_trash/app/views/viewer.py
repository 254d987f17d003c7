"""Viewer: one image with truth and predictions, and the images like it."""

from typing import Any

import numpy as np
import streamlit as st

from ...workbench import layers
from ...workbench.album import Album
from ...workbench.viewer import confusion_of, mean_iou, to_size
from ..components import canvas, gallery
from ..filters import choose_images
from ..state import CURRENT, MARKED, choose_album, choose_predictions
from ..tables import class_table

PER_PAGE = 18


def show() -> None:
    """Draw the page."""
    album = choose_album()
    with st.sidebar:
        members = [
            choose_predictions('Prediction', 'prediction_a', album=album),
            choose_predictions('Second prediction', 'prediction_b', album=album),
        ]
        members = [member for member in members if member is not None]
    # a model would have to predict them all before they could be sorted
    made = [member for member in members if member.kind != 'model']
    names, scores = choose_images(album, made[0] if made else None)
    if not names:
        st.info('No image passes the filter.', icon=':material/filter_alt_off:')
        return
    name = _current(names)
    _toolbar(names, name)
    _picture(album, name, members)
    _gallery(album, names, name, scores)


def _current(names: list[str]) -> str:
    """Return the image to show: the one of before, if it passes the filter."""
    asked = st.query_params.get('image')
    if asked and CURRENT not in st.session_state:
        st.session_state[CURRENT] = asked
    name = st.session_state.get(CURRENT)
    if name not in names:
        name = names[0]
    st.session_state[CURRENT] = name
    st.query_params['image'] = name
    return name


def _step(names: list[str], name: str, by: int) -> None:
    st.session_state[CURRENT] = names[(names.index(name) + by) % len(names)]


def _toolbar(names: list[str], name: str) -> None:
    left, middle, right = st.columns([6, 2.6, 1.7], vertical_alignment='center')
    left.title(name, anchor=False)
    with middle:
        st.segmented_control(
            'Show',
            ['Label map', 'Polygons', 'Both'],
            default='Label map',
            key='drawn',
            label_visibility='collapsed',
            required=True,
        )
    with right.container(horizontal=True, horizontal_alignment='right'):
        place = f'{names.index(name) + 1:,} / {len(names):,}'
        st.button(
            '',
            icon=':material/chevron_left:',
            key='previous',
            help='Previous image (←)',
            on_click=_step,
            args=(names, name, -1),
        )
        st.markdown(f'<div class="place">{place}</div>', unsafe_allow_html=True)
        st.button(
            '',
            icon=':material/chevron_right:',
            key='next',
            help='Next image (→)',
            on_click=_step,
            args=(names, name, 1),
        )


def _picture(album: Album, name: str, members: list[Any]) -> None:
    """Draw photograph, truth, predictions and errors."""
    row = album.row(name)
    picture = album.picture(row)
    mode = st.session_state.get('drawn') or 'Label map'
    if _marked(name) is not None and mode == 'Label map':
        mode = 'Both'
    panels = [layers.plain_panel('Photograph')]
    present: set[int] = set()
    columns: dict[str, Any] = {}
    truth = None
    if album.has_labels:
        truth = album.label_map(row)
        present |= set(np.unique(truth).tolist())
        outlines = album.outlines(row) if mode != 'Label map' else []
        number = int(album.object_counts[row].sum())
        note = f'{number} object' + 's' * (number != 1)
        shown = truth if mode != 'Polygons' else None
        panels.append(layers.label_panel('Truth', shown, outlines, note))
    for member in members:
        if name not in member:
            st.warning(f'{member.path.name}: has no prediction of {name}')
            continue
        label = member.label_map(name)
        present |= set(np.unique(label).tolist())
        note = ''
        if truth is not None:
            matrix = confusion_of(album, row, label)
            columns[member.path.name] = matrix
            note = f'mIoU by image {100 * mean_iou(matrix):.1f}'
        panels.append(layers.label_panel(member.path.name, label, note=note))
        if truth is not None:
            smaller = to_size(truth, label.shape)
            panels.append(layers.error_panel('Errors', smaller, label))
    marked = _marked(name)
    if len(panels) == 6:
        # Photograph above truth, each prediction above its errors.
        panels = [panels[i] for i in (0, 2, 4, 1, 3, 5)]
    wide = 3 if len(panels) > 4 else 4
    canvas(
        album,
        name,
        picture,
        panels,
        'viewer_canvas',
        sorted(present),
        marked,
        wide,
        on_step=lambda by: _step(
            st.session_state['viewer_names'], st.session_state[CURRENT], by
        ),
    )
    if truth is not None:
        with st.expander('Classes in this image', expanded=False):
            class_table(album, row, columns)


def _marked(name: str) -> int | None:
    """Return the annotation of the image that the audit points at."""
    where, annotation = st.session_state.get(MARKED, ('', None))
    return annotation if where == name else None


def _gallery(
    album: Album, names: list[str], name: str, scores: dict[str, float]
) -> None:
    """Draw the page of small pictures that holds the current image."""
    pages = (len(names) + PER_PAGE - 1) // PER_PAGE
    page = names.index(name) // PER_PAGE
    shown = names[page * PER_PAGE : (page + 1) * PER_PAGE]
    heading = f'Images {page * PER_PAGE + 1}–{page * PER_PAGE + len(shown)}'
    left, right = st.columns([8, 1], vertical_alignment='bottom')
    left.subheader(f'{heading} of {len(names):,}', anchor=False)
    if pages > 1:
        with right.container(horizontal=True, horizontal_alignment='right'):
            for by, icon in (
                (-1, 'keyboard_double_arrow_left'),
                (1, 'keyboard_double_arrow_right'),
            ):
                st.button(
                    '',
                    icon=f':material/{icon}:',
                    key=f'page{by}',
                    on_click=_turn,
                    args=(names, page + by, pages),
                )
    notes = {n: f'mIoU by image {100 * s:.1f}' for n, s in scores.items() if s == s}
    gallery(album, shown, 'viewer_gallery', notes, name, 140, _pick)


def _pick(name: str) -> None:
    st.session_state[CURRENT] = name


def _turn(names: list[str], page: int, pages: int) -> None:
    st.session_state[CURRENT] = names[(page % pages) * PER_PAGE]
