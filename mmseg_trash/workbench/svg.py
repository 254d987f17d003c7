"""Charts as SVG that stands in a page: no script, no address, no font of its own.

Every bar and field bears its number as ``data-bin`` (fields count line by line), and a
title that browsers show on hovering.
"""

from html import escape

import numpy as np

from .tables import Heatmap, Histogram

WIDTH, HEIGHT = 340, 190
_LEFT, _BOTTOM, _TOP = 6, 34, 8
_ROW = 19
_INK, _SOFT, _BAR = '#1f2933', '#6b7785', '#3d6fb4'
_DEEP, _PALE = np.array([20, 61, 117]), np.array([240, 244, 249])
Colour = tuple[int, int, int]


def bars_svg(chart: Histogram, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Draw upright bars.

    Args:
        chart: What is drawn.
        width: Width in pixels.
        height: Height in pixels.
    """
    number = len(chart.bins)
    top = max(float(chart.values.max(initial=0)), 1e-12)
    step = (width - 2 * _LEFT) / max(number, 1)
    floor = height - _BOTTOM
    parts = [_text(_LEFT, _TOP + 4, _number(top), _SOFT, 'start', 10)]
    parts.append(
        f'<line x1="{_LEFT}" x2="{width - _LEFT}" y1="{floor}" y2="{floor}" '
        'stroke="#c9d1da"/>'
    )
    for place, value in enumerate(chart.values.tolist()):
        tall = (floor - _TOP - 14) * value / top
        tall = max(tall, 1.5) if value else 0.0
        colour = _css(chart.colours[place]) if chart.colours else _BAR
        x, room = _LEFT + place * step, max(step - 1, 1)
        box = (x, floor - tall, room, tall), (x, _TOP, step, floor - _TOP)
        parts.append(_bar(chart, place, box, colour))
    for place in sorted({0, number // 2, number - 1} if number else ()):
        where = ('start', 'middle', 'end')[(place > 0) + (place == number - 1 > 0)]
        x = _LEFT + step * {'start': 0, 'middle': place + 0.5, 'end': number}[where]
        parts.append(_text(x, floor + 13, chart.bins[place], _SOFT, where, 10))
    parts.append(_text(width / 2, height - 5, chart.axis, _INK, 'middle', 11))
    return _svg(width, height, chart.title, parts)


def rows_svg(chart: Histogram, width: int = WIDTH) -> str:
    """Draw lying bars, one line each with its name and value: for classes."""
    left, right = 96, 62
    height = _ROW * len(chart.bins) + 4
    top = max(float(chart.values.max(initial=0)), 1e-12)
    parts = []
    for place, value in enumerate(chart.values.tolist()):
        y = 2 + place * _ROW
        long = (width - left - right) * value / top
        long = max(long, 1.5) if value else 0.0
        colour = _css(chart.colours[place]) if chart.colours else _BAR
        box = (left, y + 3, long, _ROW - 6), (0, y, width, _ROW)
        parts.append(_bar(chart, place, box, colour))
        middle = y + _ROW / 2 + 4
        parts.append(_text(left - 6, middle, chart.bins[place], _INK, 'end', 11))
        parts.append(_text(left + long + 5, middle, _number(value), _SOFT, 'start', 11))
    return _svg(width, height, chart.title, parts)


def heat_svg(chart: Heatmap, width: int = WIDTH, names: bool = False) -> str:
    """Draw a map; darker is more, on the scale of the square root.

    Args:
        chart: What is drawn.
        width: Width in pixels.
        names: Whether to name every line and column; else the outer ones.
    """
    lines, columns = chart.values.shape
    left, top, right = (96, 84, 34) if names else (22, 8, 8)
    side = (width - left - right) / columns
    height = round(top + side * lines + (8 if names else 34))
    most = max(float(chart.values.max(initial=0)), 1e-12)
    parts = []
    for line in range(lines):
        for column in range(columns):
            value = float(chart.values[line, column])
            share = (value / most) ** 0.5
            tone = np.rint(_PALE + share * (_DEEP - _PALE)).astype(int).tolist()
            x, y = left + column * side, top + line * side
            place = line * columns + column
            title = f'{chart.lines[line]}, {chart.columns[column]}: {_number(value)}'
            parts.append(
                f'<rect class="bin" data-bin="{place}" x="{x:.1f}" y="{y:.1f}" '
                f'width="{side - 0.6:.1f}" height="{side - 0.6:.1f}" '
                f'fill="{_css(tuple(tone))}"><title>{escape(title)} '
                f'{escape(chart.unit)}</title></rect>'
            )
            if names and value:
                paper = '#fff' if share > 0.55 else _INK
                middle = x + side / 2, y + side / 2 + 3
                text = _text(*middle, _number(value), paper, 'middle', 8)
                parts.append(text.replace('<text', '<text pointer-events="none"'))
    if names:
        for line in range(lines):
            y = top + (line + 0.5) * side + 4
            parts.append(_text(left - 6, y, chart.lines[line], _INK, 'end', 11))
        for column in range(columns):
            x = left + (column + 0.6) * side
            text = _text(0, 0, chart.columns[column], _INK, 'start', 11)
            turn = f'<g transform="translate({x:.1f} {top - 6}) rotate(-55)">'
            parts.append(f'{turn}{text}</g>')
    else:
        floor = top + side * lines + 12
        parts.append(_text(left, floor, chart.columns[0], _SOFT, 'start', 10))
        parts.append(_text(width - 8, floor, chart.columns[-1], _SOFT, 'end', 10))
        parts.append(_text(width / 2, floor + 15, chart.x_axis, _INK, 'middle', 11))
        text = _text(0, 0, chart.y_axis, _INK, 'middle', 11)
        middle = top + side * lines / 2
        parts.append(
            f'<g transform="translate(14 {middle:.1f}) rotate(-90)">{text}</g>'
        )
    return _svg(width, height, chart.title, parts)


def _bar(
    chart: Histogram,
    place: int,
    boxes: tuple[tuple[float, float, float, float], tuple[float, float, float, float]],
    colour: str,
) -> str:
    """Draw a bar, and before it an unseen one as large as can be clicked."""
    (x, y, w, h), (u, v, s, t) = boxes
    value = float(chart.values[place])
    title = f'{chart.bins[place]}: {_number(value)} {chart.unit}'
    return (
        f'<g class="bin" data-bin="{place}"><title>{escape(title)}</title>'
        f'<rect x="{u:.1f}" y="{v:.1f}" width="{s:.1f}" height="{t:.1f}" '
        'fill="transparent"/>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
        f'fill="{colour}"/></g>'
    )


def _svg(width: int, height: int, title: str, parts: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, colour: str, anchor: str, size: int) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _number(value: float) -> str:
    """Write a count in full, a share with three digits, millions short."""
    if value >= 1e6:
        return f'{value / 1e6:.3g} M'
    return f'{value:.0f}' if value == round(value) else f'{value:.3g}'


def _css(colour: Colour) -> str:
    return '#' + ''.join(f'{channel:02x}' for channel in colour)
