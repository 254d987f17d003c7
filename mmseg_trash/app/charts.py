"""Histograms and heat maps as charts that can be clicked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ..workbench.tables import Heatmap, Histogram

PLAIN = '#4c8a78'
SERIES = ('#0f6e56', '#d97706', '#3b6ea8', '#a23b72', '#6b7280')
GREENS = [[0, '#f3f7f5'], [0.5, '#7db8a4'], [1, '#0b5442']]
_CONFIG = {'displayModeBar': False}
_GRID = '#e8ebee'


def css(colour: Sequence[int]) -> str:
    """Return an RGB colour as plotly names it."""
    return f'rgb({",".join(str(int(part)) for part in colour)})'


def layout(figure: go.Figure, height: int, x: str = '', y: str = '') -> go.Figure:
    """Give a figure the look of all others."""
    figure.update_layout(
        height=height,
        margin=dict(l=8, r=8, t=8, b=8),
        bargap=0.18,
        showlegend=False,
        plot_bgcolor='white',
        hoverlabel=dict(bgcolor='white', bordercolor='#d0d7de', font_color='#1f2328'),
        clickmode='event+select',
        dragmode=False,
    )
    figure.update_xaxes(title=x, showgrid=False, linecolor='#c5ccd3', automargin=True)
    figure.update_yaxes(title=y, gridcolor=_GRID, zeroline=False, automargin=True)
    return figure


def draw(figure: go.Figure, key: str) -> list[dict[str, Any]]:
    """Show a figure; return the points that are selected."""
    event = st.plotly_chart(
        figure,
        key=key,
        on_select='rerun',
        selection_mode='points',
        config=_CONFIG,
    )
    selection = event.get('selection', {}) if event else {}
    return list(selection.get('points', []))


def show(figure: go.Figure, key: str) -> None:
    """Show a figure that has nothing behind it."""
    st.plotly_chart(figure, key=key, config=_CONFIG)


def bars(
    chart: Histogram, key: str, height: int = 340, log: bool = False
) -> int | None:
    """Draw bars; return the number of the bin that was clicked, if any."""
    colours = [css(c) for c in chart.colours] if chart.colours else PLAIN
    figure = go.Figure(
        go.Bar(
            x=list(range(len(chart.bins))),
            y=chart.values,
            marker=dict(color=colours, line_width=0),
            customdata=[[b, len(m)] for b, m in zip(chart.bins, chart.members)],
            hovertemplate='<b>%{customdata[0]}</b><br>%{y:,.4~g} '
            + chart.unit
            + '<br>%{customdata[1]:,} images<extra></extra>',
            unselected=dict(marker_opacity=0.45),
        )
    )
    layout(figure, height, chart.axis, chart.unit)
    step = max(1, len(chart.bins) // 12)
    ticks = list(range(0, len(chart.bins), step))
    figure.update_xaxes(tickvals=ticks, ticktext=[chart.bins[i] for i in ticks])
    if log:
        figure.update_yaxes(type='log', dtick=1)
    points = draw(figure, key)
    return int(points[0]['point_index']) if points else None


def heat(chart: Heatmap, key: str, height: int = 480) -> tuple[int, int] | None:
    """Draw a heat map; return line and column of the field that was clicked, if any."""
    columns, lines = len(chart.columns), len(chart.lines)
    figure = go.Figure(
        go.Heatmap(
            z=np.where(chart.values > 0, chart.values, np.nan),
            colorscale=GREENS,
            showscale=False,
            xgap=1,
            ygap=1,
            hoverinfo='skip',
            text=[[_short(value) for value in line] for line in chart.values],
            texttemplate='%{text}' if max(columns, lines) <= 12 else '',
        )
    )
    places = [(line, column) for line in range(lines) for column in range(columns)]
    figure.add_trace(
        go.Scatter(
            x=[column for _, column in places],
            y=[line for line, _ in places],
            mode='markers',
            # A heat map cannot be clicked; squares over it, all but invisible, can.
            marker=dict(symbol='square', size=26, color='rgba(0,0,0,.004)'),
            customdata=[
                [chart.lines[a], chart.columns[b], chart.values[a, b]]
                for a, b in places
            ],
            hovertemplate='<b>%{customdata[0]} · %{customdata[1]}</b><br>'
            '%{customdata[2]:,.4~g} ' + chart.unit + '<extra></extra>',
            unselected=dict(marker_opacity=1),
        )
    )
    layout(figure, height, chart.x_axis, chart.y_axis)
    # The nearest square is meant, however wide the field.
    figure.update_layout(hovermode='closest', hoverdistance=200)
    for axis, names in (('x', chart.columns), ('y', chart.lines)):
        step = max(1, len(names) // 12)
        ticks = list(range(0, len(names), step))
        figure.update_layout(
            {
                f'{axis}axis': dict(
                    tickvals=ticks, ticktext=[names[i] for i in ticks], showgrid=False
                )
            }
        )
    figure.update_yaxes(autorange='reversed')
    points = draw(figure, key)
    return places[int(points[0]['point_index'])] if points else None


def _short(value: float) -> str:
    """Write a count in few letters; nothing for 0."""
    if not value:
        return ''
    return f'{value:.0f}' if value < 10_000 else f'{value / 1000:.0f}k'


def grouped(
    bins: Sequence[str],
    series: Mapping[str, Sequence[float]],
    key: str,
    what: str,
    axis: str = '',
    height: int = 360,
) -> None:
    """Draw several series of bars in per cent beside each other."""
    figure = go.Figure(
        [
            go.Bar(
                x=list(bins),
                y=values,
                name=name,
                marker=dict(color=colour, line_width=0),
                hovertemplate=f'<b>%{{x}}</b><br>{name}: %{{y:.1f}} %<extra></extra>',
            )
            for (name, values), colour in zip(series.items(), SERIES)
        ]
    )
    layout(figure, height, axis, f'{what}, %')
    if len(series) > 1:
        figure.update_layout(
            showlegend=True,
            legend=dict(orientation='h', y=1.02, yanchor='bottom', x=0),
        )
    show(figure, key)
