"""Models: what those of the zoo cost, and what they score."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ...workbench.models import ModelRow, model_rows
from .. import charts
from ..settings import read_settings

COSTS = {'GFLOPs': 'flops', 'Million parameters': 'parameters'}


def show() -> None:
    """Draw the page."""
    st.title('Models', anchor=False)
    root = Path(read_settings().configs).resolve().parent
    rows = model_rows(root)
    scored = [model for model in rows if model.miou is not None]
    number = Counter(model.data for model in scored)
    # One point alone says nothing; it stands in the table.
    scored = [model for model in scored if number[model.data] > 1]
    if scored:
        cost = st.segmented_control(
            'Cost',
            list(COSTS),
            default='GFLOPs',
            key='cost',
            label_visibility='collapsed',
            required=True,
        )
        _against_score(scored, str(cost or 'GFLOPs'))
    st.subheader('Parameters against FLOPs', anchor=False)
    _sizes(rows)
    st.subheader(f'All {len({model.config for model in rows})} configs', anchor=False)
    table = pd.DataFrame([asdict(model) for model in rows])
    table['parameters'] /= 1e6
    table['flops'] /= 1e9
    names = ['Config', 'Method', 'Params (M)', 'GFLOPs', 'Images/s', 'mIoU', 'Data']
    table.columns = pd.Index(names)
    figure = st.column_config.NumberColumn(format='%.1f')
    st.dataframe(
        table,
        hide_index=True,
        height=420,
        column_config=dict.fromkeys(names[2:6], figure),
    )
    st.caption('FLOPs for one image of 512 × 512, twice the multiply-accumulates.')


def _scatter(
    rows: list[ModelRow], x: list[float], y: list[float], hover: str
) -> go.Figure:
    methods = sorted({model.method for model in rows})
    figure = go.Figure()
    for number, method in enumerate(methods):
        places = [i for i, model in enumerate(rows) if model.method == method]
        figure.add_trace(
            go.Scatter(
                x=[x[i] for i in places],
                y=[y[i] for i in places],
                name=method,
                mode='markers',
                marker=dict(
                    size=9,
                    color=f'hsl({number * 360 // len(methods)},55%,45%)',
                    symbol=number % 4,
                    line=dict(width=1, color='white'),
                ),
                customdata=[[rows[i].config] for i in places],
                hovertemplate=f'<b>%{{customdata[0]}}</b><br>{hover}<extra></extra>',
            )
        )
    return figure


def _against_score(rows: list[ModelRow], cost: str) -> None:
    scale = 1e9 if cost == 'GFLOPs' else 1e6
    x = [getattr(model, COSTS[cost]) / scale for model in rows]
    y = [float(model.miou or 0) for model in rows]
    for data in sorted({model.data for model in rows}):
        kept = [i for i, model in enumerate(rows) if model.data == data]
        st.subheader(f'Global mIoU on {data}', anchor=False)
        figure = _scatter(
            [rows[i] for i in kept],
            [x[i] for i in kept],
            [y[i] for i in kept],
            f'%{{x:.1f}} {cost}<br>%{{y:.1f}} % mIoU',
        )
        charts.layout(figure, 360, cost, 'global mIoU, %').update_layout(
            showlegend=True
        )
        charts.show(figure, f'score|{data}')


def _sizes(rows: list[ModelRow]) -> None:
    unique = list({model.config: model for model in rows}.values())
    figure = _scatter(
        unique,
        [model.parameters / 1e6 for model in unique],
        [model.flops / 1e9 for model in unique],
        '%{x:.1f} M parameters<br>%{y:.0f} GFLOPs',
    )
    charts.layout(figure, 420, 'million parameters', 'GFLOPs at 512 × 512')
    figure.update_layout(showlegend=True, legend=dict(font_size=11))
    figure.update_xaxes(type='log')
    figure.update_yaxes(type='log')
    charts.show(figure, 'sizes')
