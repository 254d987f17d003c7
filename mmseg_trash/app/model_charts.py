"""Models as points: what they cost, and what they score."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from ..workbench.models import ModelRow
from . import charts

COSTS = {'GFLOPs': ('flops', 1e9), 'Million parameters': ('parameters', 1e6)}
TICKS = [m * 10**e for e in range(-1, 5) for m in (1, 2, 5)]


def against_score(
    rows: list[ModelRow], key: str, group: Callable[[ModelRow], str]
) -> None:
    """Draw scores against what is chosen of `COSTS`.

    Args:
        rows: Scored models.
        key: Prefix of the widgets' keys.
        group: What has a colour of its own.
    """
    cost = st.segmented_control(
        'Cost',
        list(COSTS),
        default='GFLOPs',
        key=f'{key}_cost',
        label_visibility='collapsed',
        required=True,
    )
    cost = str(cost or 'GFLOPs')
    name, scale = COSTS[cost]
    figure = _scatter(
        rows,
        [getattr(model, name) / scale for model in rows],
        [float(model.miou or 0) for model in rows],
        group,
        f'%{{x:.1f}} {cost}<br>%{{y:.1f}} % mIoU',
    )
    axis = 'GFLOPs at 512 × 512' if cost == 'GFLOPs' else cost.lower()
    charts.layout(figure, 360, axis, 'global mIoU, %').update_layout(showlegend=True)
    charts.show(figure, f'{key}_score')


def sizes(rows: list[ModelRow]) -> None:
    """Draw FLOPs against parameters, on logarithmic scales."""
    figure = _scatter(
        rows,
        [model.parameters / 1e6 for model in rows],
        [model.flops / 1e9 for model in rows],
        lambda model: model.method,
        '%{x:.1f} M parameters<br>%{y:.0f} GFLOPs',
    )
    charts.layout(figure, 520, 'million parameters', 'GFLOPs at 512 × 512')
    figure.update_layout(showlegend=True, legend=dict(font_size=11))
    figure.update_xaxes(type='log', tickvals=TICKS)
    figure.update_yaxes(type='log', tickvals=TICKS)
    charts.show(figure, 'sizes')


def _scatter(
    rows: list[ModelRow],
    x: list[float],
    y: list[float],
    group: Callable[[ModelRow], str],
    hover: str,
) -> go.Figure:
    """Draw points, a colour and a mark for each group."""
    groups = sorted({group(model) for model in rows})
    figure = go.Figure()
    for number, name in enumerate(groups):
        places = [i for i, model in enumerate(rows) if group(model) == name]
        figure.add_trace(
            go.Scatter(
                x=[x[i] for i in places],
                y=[y[i] for i in places],
                name=name,
                mode='markers',
                marker=dict(
                    size=9,
                    color=f'hsl({number * 360 // len(groups)},55%,45%)',
                    symbol=number % 4,
                    line=dict(width=1, color='white'),
                ),
                customdata=[[rows[i].config] for i in places],
                hovertemplate=f'<b>%{{customdata[0]}}</b><br>{hover}<extra></extra>',
            )
        )
    return figure
