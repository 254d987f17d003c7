"""The charts of the page of predictions, over all images that they share."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ..inference.submission_format import SIZE
from ..metrics.confusion import (
    iou_from_confusion,
    mean_of_finite,
    miou_global,
    miou_image,
)
from ..workbench.album import Album
from ..workbench.boundary import boundary_iou
from ..workbench.compare import (
    Changes,
    ClassShares,
    changed_pixels,
    class_shares,
    confusions,
)
from ..workbench.recall import SizeRecall, size_recall
from . import charts
from .components import gallery
from .state import (
    load_predictions,
    look_at,
    open_survey_of,
    usable_albums,
)
from .tables import PERCENT

Members = dict[str, Any]
Counts = NDArray[np.int64]


def _key(member: Any) -> str:
    return f'{member.path}|{member.path.stat().st_mtime_ns}'


@st.cache_data(max_entries=16, show_spinner='Counting pixels')
def _confusions(_truth: Any, _member: Any, key: str) -> tuple[tuple[str, ...], Counts]:
    return confusions(_truth, _member)


@st.cache_data(max_entries=16, show_spinner='Following boundaries')
def _boundary(_truth: Any, _member: Any, key: str) -> NDArray[np.float64]:
    return boundary_iou(_truth, _member)


@st.cache_data(max_entries=16, show_spinner='Finding objects')
def _recall(_survey: Any, _member: Any, key: str) -> SizeRecall:
    return size_recall(_survey, _member)


@st.cache_data(max_entries=16, show_spinner='Counting classes')
def _shares(_member: Any, _survey: Any, key: str) -> ClassShares:
    return class_shares(_member, _survey)


@st.cache_data(max_entries=8, show_spinner='Counting changes')
def _changes(_before: Any, _after: Any, key: str) -> Changes:
    return changed_pixels(_before, _after)


def scores(album: Album, members: Members) -> None:
    """Draw scores, IoU per class and a confusion matrix."""
    truth = load_predictions(str(album.json_path))
    found = {
        title: _confusions(truth, member, f'{_key(truth)}|{_key(member)}')
        for title, member in members.items()
    }
    lines = []
    for title, (names, matrices) in found.items():
        size = members[title].label_map(names[0]).shape
        lines.append(
            {
                'Prediction': title,
                'Images': len(names),
                'Scored at': SIZE if size == (SIZE, SIZE) else 'full size',
                'Global mIoU': 100 * miou_global(matrices),
                'mIoU by image': 100 * miou_image(matrices),
            }
        )
    config = {'Global mIoU': PERCENT, 'mIoU by image': PERCENT}
    st.dataframe(pd.DataFrame(lines), hide_index=True, column_config=config)
    st.subheader('IoU of each class', anchor=False)
    ious = {t: 100 * iou_from_confusion(m.sum(axis=0)) for t, (_, m) in found.items()}
    charts.grouped(album.classes, _zeros(ious), 'iou', '%')
    if st.toggle('Boundary IoU', key='with_boundary', help='Cheng et al. 2021'):
        values = {
            title: 100 * _boundary(truth, member, f'{_key(truth)}|{_key(member)}')
            for title, member in members.items()
        }
        charts.grouped(album.classes, _zeros(values), 'boundary', '%')
        means = (f'{t} {float(mean_of_finite(v)):.1f} %' for t, v in values.items())
        st.caption('Mean boundary IoU: ' + ', '.join(means))
    st.subheader('What the truth is predicted as', anchor=False)
    columns = st.columns(min(2, len(found)))
    for number, (title, (_, matrices)) in enumerate(found.items()):
        with columns[number % len(columns)]:
            _matrix(album, title, matrices.sum(axis=0))


def _zeros(series: dict[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    return {title: np.nan_to_num(values).tolist() for title, values in series.items()}


def _number(value: float) -> str:
    return f'{value:.2g}' if value < 10 else f'{value:.0f}'


def _matrix(album: Album, title: str, matrix: Counts) -> None:
    """Draw a confusion matrix in per cent of the true class."""
    total = matrix.sum(axis=1, keepdims=True)
    share = np.where(total > 0, 100 * matrix / np.maximum(total, 1), np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=list(album.classes),
            y=list(album.classes),
            colorscale=charts.GREENS,
            zmin=0,
            zmax=100,
            showscale=False,
            xgap=1,
            ygap=1,
            texttemplate='%{z:.0f}',
            hovertemplate='truth <b>%{y}</b><br>predicted <b>%{x}</b><br>%{z:.1f} %'
            '<extra></extra>',
        )
    )
    st.caption(f'{title}, % of the true pixels')
    charts.layout(figure, 460, 'predicted', 'truth')
    figure.update_yaxes(autorange='reversed')
    charts.show(figure, f'matrix|{title}')


def sizes(album: Album, members: Members) -> None:
    """Draw how many objects are found, by size."""
    survey = open_survey_of(album)
    options = ['all classes', *album.classes[1:]]
    label = st.selectbox('Class', options, key='recall_class', width=260)
    series = {}
    bins: list[str] = []
    for title, member in members.items():
        key = f'{album.json_path}|{album.json_path.stat().st_mtime_ns}|{_key(member)}'
        found = _recall(survey, member, key)
        rows = slice(None) if label == options[0] else [album.classes.index(label)]
        objects, hits = found.objects[rows].sum(axis=0), found.found[rows].sum(axis=0)
        series[title] = 100 * hits / np.maximum(objects, 1)
        edges = 100 * found.edges
        bins = [
            f'{_number(low)}–{_number(high)} %<br>{number} objects'
            for low, high, number in zip(edges, edges[1:], objects)
        ]
    charts.grouped(bins, _zeros(series), 'recall', '%', 'share of the image')
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
        title: _shares(member, survey, f'{training.json_path}|{_key(member)}')
        for title, member in members.items()
    }
    first = next(iter(found.values()))
    names = album.classes[1:]
    series = {file: 100 * first.pixels[1][1:]}
    series |= {title: 100 * shares.pixels[0][1:] for title, shares in found.items()}
    st.subheader('Pixels of each class', anchor=False)
    charts.grouped(names, _zeros(series), 'shares', '%')
    table = {'Class': names, f'Images in {file}, %': 100 * first.images[1][1:]}
    for title, shares in found.items():
        table[f'Images in {title}, %'] = 100 * shares.images[0][1:]
        table[f'Distance {title}'] = shares.distance[1:]
    config = {
        name: PERCENT
        if name.startswith('Images')
        else st.column_config.NumberColumn(format='%.3f')
        for name in list(table)[1:]
    }
    st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config)


def changes(album: Album, members: Members) -> None:
    """Draw which pixels change from the first prediction to the second."""
    (before, one), (after, other) = list(members.items())[:2]
    found = _changes(one, other, f'{_key(one)}|{_key(other)}')
    share = found.changed.sum() / max(1, found.pixels.sum())
    st.caption(f'From {before} to {after}')
    left, middle = st.columns([1, 3])
    left.metric('Pixels that change', f'{100 * share:.2f} %')
    touched = int((found.changed > 0).sum())
    middle.metric('Images that change', f'{touched:,} of {len(found.names):,}')
    number = len(album.classes)
    table = [
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
    table.sort(key=lambda line: -line['Pixels'])
    st.subheader('What becomes what', anchor=False)
    config = {'Of the changed, %': PERCENT}
    st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config, height=260)
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
