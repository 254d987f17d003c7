"""Sizes, classes and changes of predictions, over all images that they share."""

from typing import Any

import numpy as np
import streamlit as st

from ..workbench.album import Album
from ..workbench.compare import (
    Changes,
    ClassShares,
    changed_pixels,
    class_shares,
)
from ..workbench.recall import SizeRecall, size_recall
from . import charts
from .components import gallery
from .state import (
    look_at,
    open_survey_of,
    usable_albums,
)
from .tables import PERCENT, files_key, finite, table

Members = dict[str, Any]


@st.cache_data(max_entries=16, show_spinner='Finding objects')
def _recall(_survey: Any, _member: Any, key: str) -> SizeRecall:
    return size_recall(_survey, _member)


@st.cache_data(max_entries=16, show_spinner='Counting classes')
def _shares(_member: Any, _survey: Any, key: str) -> ClassShares:
    return class_shares(_member, _survey)


@st.cache_data(max_entries=8, show_spinner='Counting changes')
def _changes(_before: Any, _after: Any, key: str) -> Changes:
    return changed_pixels(_before, _after)


def _number(value: float) -> str:
    return f'{value:.2g}' if value < 10 else f'{value:.0f}'


def sizes(album: Album, members: Members) -> None:
    """Draw how many objects are found, by size."""
    survey = open_survey_of(album)
    options = ['all classes', *album.classes[1:]]
    label = st.selectbox('Class', options, key='recall_class', width=260)
    series = {}
    bins: list[str] = []
    for title, member in members.items():
        key = files_key(album.json_path, member)
        found = _recall(survey, member, key)
        rows = slice(None) if label == options[0] else [album.classes.index(label)]
        objects, hits = found.objects[rows].sum(axis=0), found.found[rows].sum(axis=0)
        series[title] = 100 * hits / np.maximum(objects, 1)
        edges = 100 * found.edges
        bins = [
            f'{_number(low)}–{_number(high)} %<br>{number} objects'
            for low, high, number in zip(edges, edges[1:], objects)
        ]
    axis = 'share of the image'
    charts.grouped(bins, finite(series), 'recall', 'objects found', axis)
    st.caption('An object is found if half of its visible pixels bear its label.')


def classes(album: Album, members: Members) -> None:
    """Draw the predicted classes beside those of the training data."""
    albums = {n: found for n, found in usable_albums().items() if found.has_labels}
    files = list(albums)
    if not files:
        st.info('No JSON of the data root has labels to compare with.')
        return
    start = files.index('train.json') if 'train.json' in files else 0
    file = st.selectbox('Training data', files, start, key='training', width=260)
    training = albums[file]
    survey = open_survey_of(training)
    found = {
        title: _shares(member, survey, files_key(training.json_path, member))
        for title, member in members.items()
    }
    first = next(iter(found.values()))
    names = album.classes[1:]
    series = {file: 100 * first.pixels[1][1:]}
    series |= {title: 100 * shares.pixels[0][1:] for title, shares in found.items()}
    st.subheader('Pixels of each class', anchor=False)
    charts.grouped(names, finite(series), 'shares', 'share of all pixels')
    columns = {'Class': names, f'Images in {file}, %': 100 * first.images[1][1:]}
    for title, shares in found.items():
        columns[f'Images in {title}, %'] = 100 * shares.images[0][1:]
        columns[f'Distance {title}'] = shares.distance[1:]
    config = {
        name: PERCENT
        if name.startswith('Images')
        else st.column_config.NumberColumn(format='%.3f')
        for name in list(columns)[1:]
    }
    table(columns, config)
    st.caption(
        'Distance: Jensen–Shannon, 0 to 1, of the shares of pixels from those of the '
        'training data.'
    )


def changes(album: Album, members: Members) -> None:
    """Draw which pixels change from the first prediction to the second."""
    (before, one), (after, other) = list(members.items())[:2]
    found = _changes(one, other, files_key(one, other))
    share = found.changed.sum() / max(1, found.pixels.sum())
    st.caption(f'From {before} to {after}')
    left, middle = st.columns([1, 3])
    left.metric('Pixels that change', f'{100 * share:.2f} %')
    touched = int((found.changed > 0).sum())
    middle.metric('Images that change', f'{touched:,} of {len(found.names):,}')
    number = len(album.classes)
    lines = [
        {
            'From': album.classes[a] if a < number else 'ignored',
            'To': album.classes[b] if b < number else 'ignored',
            'Pixels': int(found.transitions[a, b]),
            'Of the changed, %': 100
            * found.transitions[a, b]
            / max(1, found.changed.sum()),
        }
        for a, b in np.argwhere(found.transitions)
        if a != b
    ]
    lines.sort(key=lambda line: -line['Pixels'])
    st.subheader('What becomes what', anchor=False)
    config = {'Of the changed, %': PERCENT}
    table(lines, config)
    order = np.argsort(-found.changed, kind='stable')
    shown = [row for row in order if found.changed[row]][:18]
    known = [row for row in shown if found.names[row] in album]
    if not known:
        return
    st.subheader('Images with most changes', anchor=False)
    notes = {
        found.names[row]: f'{100 * found.changed[row] / found.pixels[row]:.1f} % change'
        for row in known
    }
    picked = gallery(album, list(notes), 'changes_gallery', notes)
    if picked:
        look_at(picked, list(notes), f'changes {before} → {after}')
