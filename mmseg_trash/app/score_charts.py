"""Scores of predictions: per class, at boundaries, against what the models cost."""

from pathlib import Path
from typing import Any

import numpy as np
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
from ..workbench.compare import confusions
from ..workbench.models import run_rows
from . import charts
from .model_charts import against_score
from .settings import read_settings
from .state import load_predictions
from .tables import PERCENT, files_key, finite, table

Members = dict[str, Any]
Counts = NDArray[np.int64]


@st.cache_data(max_entries=16, show_spinner='Counting pixels')
def _confusions(_truth: Any, _member: Any, key: str) -> tuple[tuple[str, ...], Counts]:
    return confusions(_truth, _member)


@st.cache_data(max_entries=16, show_spinner='Following boundaries')
def _boundary(_truth: Any, _member: Any, key: str) -> NDArray[np.float64]:
    return boundary_iou(_truth, _member)


def scores(album: Album, members: Members) -> None:
    """Draw scores, IoU per class and a confusion matrix."""
    truth = load_predictions(str(album.json_path))
    found = {
        title: _confusions(truth, member, files_key(truth, member))
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
    table(lines, config)
    _against_cost(members, {t: 100 * miou_global(m) for t, (_, m) in found.items()})
    st.subheader('IoU of each class', anchor=False)
    ious = {t: 100 * iou_from_confusion(m.sum(axis=0)) for t, (_, m) in found.items()}
    charts.grouped(album.classes, finite(ious), 'iou', 'IoU')
    if st.toggle('Boundary IoU', key='with_boundary', help='Cheng et al. 2021'):
        values = {
            title: 100 * _boundary(truth, member, files_key(truth, member))
            for title, member in members.items()
        }
        charts.grouped(album.classes, finite(values), 'boundary', 'boundary IoU')
        means = (f'{t} {float(mean_of_finite(v)):.1f} %' for t, v in values.items())
        st.caption('Mean boundary IoU: ' + ', '.join(means))
    st.subheader('What the truth is predicted as', anchor=False)
    columns = st.columns(min(2, len(found)))
    for number, (title, (_, matrices)) in enumerate(found.items()):
        with columns[number % len(columns)]:
            _matrix(album, title, matrices.sum(axis=0))


def _against_cost(members: Members, scores: dict[str, float]) -> None:
    """Draw the scores of stores that say which config of the zoo made them."""
    runs = {
        title: (member.config, scores[title])
        for title, member in members.items()
        if member.config
    }
    root = Path(read_settings().configs).resolve().parent
    try:
        rows = run_rows(root, runs)
    except FileNotFoundError:
        return
    if rows:
        st.subheader('Global mIoU against cost', anchor=False)
        against_score(rows, 'run', lambda run: run.data)


def _matrix(album: Album, title: str, matrix: Counts) -> None:
    """Draw a confusion matrix in per cent of the true class."""
    total = matrix.sum(axis=1, keepdims=True)
    share = np.where(total > 0, 100 * matrix / np.maximum(total, 1), np.nan)
    shown = np.where(share >= 0.5, np.char.mod('%.0f', share), '')
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
            text=shown,
            texttemplate='%{text}',
            hovertemplate='truth <b>%{y}</b><br>predicted <b>%{x}</b><br>%{z:.1f} %'
            '<extra></extra>',
        )
    )
    st.caption(f'{title}, % of the true pixels')
    charts.layout(figure, 460, 'predicted', 'truth')
    figure.update_yaxes(autorange='reversed')
    charts.show(figure, f'matrix|{title}')
