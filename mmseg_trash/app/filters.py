"""The viewer's filter in the sidebar."""

from typing import Any

import numpy as np
import streamlit as st

from ..workbench.album import Album
from ..workbench.sources import list_folds
from ..workbench.viewer import (
    ORDERS,
    Filter,
    arrange,
    image_scores,
    mean_iou,
    select,
    worst_first,
)
from .findings import find_all, offer
from .settings import read_settings
from .state import CHOSEN, CURRENT, FINDINGS, ONLY

WORST = 'worst IoU'


def choose_images(
    album: Album, member: Any | None
) -> tuple[list[str], dict[str, float]]:
    """Draw the filter.

    Args:
        album: The images.
        member: The prediction that images are scored with, if any.

    Returns:
        The names that pass, in order, and the scores of those that were scored.
    """
    with st.sidebar:
        st.divider()
        orders = [*ORDERS, WORST] if member is not None and album.has_labels else ORDERS
        order = st.selectbox('Order', orders, key='order', on_change=_from_start)
        chosen = _filter(album)
    rows = select(album, chosen)
    scores: dict[str, float] = {}
    if order == WORST and member is not None:
        found = _scores(album, member, f'{album.json_path}|{member.path}')
        rows = worst_first(rows, found[rows])
        scores = {album.names[row]: float(found[row]) for row in rows}
    else:
        rows = arrange(album, rows, str(order), chosen.labels)
    names = [album.names[row] for row in rows]
    st.session_state['viewer_names'] = names
    return names, scores


def _from_start() -> None:
    """Show the first image of a new order."""
    st.session_state.pop(CURRENT, None)
    st.query_params.pop('image', None)


def _filter(album: Album) -> Filter:
    text = st.text_input('File name', key='search', placeholder='part of the name')
    background = album.rule.category.background
    classes = [i for i in range(len(album.classes)) if i != background]
    labels: list[int] = []
    every = False
    shares, sides = (0.0, 100.0), None
    objects: tuple[int, int | None] = (0, None)
    if album.has_labels:
        labels = st.multiselect(
            'Classes', classes, format_func=album.classes.__getitem__, key='labels'
        )
        if len(labels) > 1:
            every = st.toggle('all of them in one image', key='every')
        shares = st.slider('Covered by them, %', 0.0, 100.0, (0.0, 100.0), key='shares')
        most = int(album.object_counts.sum(axis=1).max(initial=1))
        low, high = st.slider(
            'Objects', 0, max(most, 1), (0, max(most, 1)), key='objects'
        )
        objects = (low, None if high >= most else high)
    longest = album.sizes.max(axis=1)
    if longest.min() < longest.max():
        limits = (int(longest.min()), int(longest.max()))
        sides = st.slider('Longer side, pixels', *limits, limits, key='sides')
    return Filter(
        text=text or '',
        labels=tuple(labels),
        every=every,
        min_share=shares[0] / 100,
        max_share=shares[1] / 100,
        min_objects=objects[0],
        max_objects=objects[1],
        names=_names(album),
        longest_side=sides,
    )


def _names(album: Album) -> frozenset[str] | None:
    """Return the names of the chosen fold, finding or bin; None is no restriction."""
    known = frozenset(album.names)
    groups: dict[str, frozenset[str]] = {}
    if CHOSEN in st.session_state:
        title, names = st.session_state[CHOSEN]
        groups[f'from {title}'] = names
    groups |= list_folds(album)
    if FINDINGS not in st.session_state:
        place = st.empty()
        if place.button(
            'Filter by finding',
            key='audit_now',
            icon=':material/fact_check:',
            help='Audits the labels; its findings then stand under Only.',
        ):
            place.empty()
            offer(find_all(read_settings()))
    findings = st.session_state.get(FINDINGS, {})
    groups |= {f'finding: {kind}': names for kind, names in findings.items()}
    # What belongs to another JSON would leave nothing.
    groups = {title: names for title, names in groups.items() if names & known}
    if not groups:
        st.session_state.pop(ONLY, None)
        return None
    if st.session_state.get(ONLY) not in (None, 'all images', *groups):
        del st.session_state[ONLY]
    picked = st.selectbox('Only', ['all images', *groups], key=ONLY)
    return groups.get(picked)


@st.cache_data(max_entries=8, show_spinner='Scoring every image')
def _scores(_album: Album, _member: Any, key: str) -> np.ndarray:
    found = np.full(len(_album), np.nan)
    for row, matrix in image_scores(_album, _member, range(len(_album))):
        if matrix is not None:
            found[row] = mean_iou(matrix)
    return found
