"""The page of a report: one HTML file with its style and script inside."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
:root { --ink: #1f2933; --soft: #6b7785; --line: #e2e7ed; --page: #f7f9fb;
  --accent: #3d6fb4 }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--page);
  font: 14px/1.5 system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif }
header { background: #fff; border-bottom: 1px solid var(--line); padding: 26px 0 0 }
header > div, main { max-width: 1120px; margin: 0 auto; padding: 0 24px }
h1 { font-size: 22px; font-weight: 600; margin: 0 } h2 { font-size: 17px;
  font-weight: 600; margin: 44px 0 4px } h3 { font-size: 13px; font-weight: 600;
  margin: 0 0 6px }
p { margin: 4px 0 14px; max-width: 76ch; color: var(--soft) }
nav { display: flex; gap: 22px; margin-top: 14px }
nav a { color: var(--soft); text-decoration: none; padding: 8px 0 }
nav a:hover { color: var(--accent) }
.grid { display: grid; gap: 14px; grid-template-columns: repeat(3, 1fr);
  align-items: start }
.grid.two { grid-template-columns: repeat(2, 1fr) }
figure, .card { margin: 0; background: #fff; border: 1px solid var(--line);
  border-radius: 6px; padding: 14px }
figure svg { width: 100%; height: auto; display: block }
.bin { cursor: pointer } .bin:hover { opacity: .65 }
.bin.on > rect:last-of-type, rect.bin.on { stroke: #ff2d55; stroke-width: 1.5 }
table { border-collapse: collapse; background: #fff; width: 100%;
  border: 1px solid var(--line); font-variant-numeric: tabular-nums; font-size: 13px }
td, th { padding: 5px 12px; text-align: right; border-bottom: 1px solid var(--line);
  font-weight: 400 } th { color: var(--soft) }
td:first-child, th:first-child { text-align: left } td.odd { color: #b3261e;
  font-weight: 600 }
.chips { display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 14px }
.chips button { font: inherit; font-size: 12.5px; color: var(--ink); background: #fff;
  border: 1px solid var(--line); border-radius: 14px; padding: 2px 11px;
  cursor: pointer }
.chips button.on { background: var(--accent); border-color: var(--accent); color: #fff }
.card { padding: 0; overflow: hidden; display: flex; flex-direction: column }
.card img { width: 100%; height: 210px; object-fit: contain; background: #eef1f4 }
.card div { padding: 10px 14px 12px; font-size: 12.5px; overflow-wrap: anywhere }
.card b { font-weight: 600 } .card i { float: right; font-style: normal;
  color: var(--soft); font-variant-numeric: tabular-nums }
.card small { display: block; color: var(--soft); font-size: 12px; margin: 1px 0 4px }
#drawer { position: fixed; left: 0; right: 0; bottom: 0; background: #fff;
  border-top: 1px solid #c9d1da; box-shadow: 0 -6px 24px rgba(31,41,51,.12);
  padding: 12px 24px 16px; display: none } #drawer.on { display: block }
#drawer h3 button { float: right; border: 0; background: none; font-size: 18px;
  line-height: 1; color: var(--soft); cursor: pointer }
#strip { display: flex; gap: 10px; overflow-x: auto }
#strip figure { border: 0; padding: 0; flex: none; width: 150px; font-size: 11px;
  color: var(--soft); overflow-wrap: anywhere }
#strip img { height: 112px; width: 150px; object-fit: contain; background: #eef1f4 }
footer { height: 210px }
"""

SCRIPT = """
const data = JSON.parse(document.getElementById('data').textContent);
const drawer = document.getElementById('drawer');
const strip = document.getElementById('strip');
function close() { drawer.classList.remove('on');
  document.querySelectorAll('.bin.on').forEach(e => e.classList.remove('on')); }
document.addEventListener('keydown', e => { if (e.key === 'Escape') close(); });
document.querySelector('#drawer button').addEventListener('click', close);
document.querySelectorAll('figure[data-chart] .bin').forEach(bin => {
  bin.addEventListener('click', () => {
    const chart = data.charts[bin.closest('figure').dataset.chart];
    const [total, rows] = chart.bins[+bin.dataset.bin];
    close(); bin.classList.add('on'); strip.textContent = '';
    const name = bin.querySelector('title').textContent;
    const shown = rows.length < total ? `, the first ${rows.length} of them` : '';
    document.getElementById('what').textContent =
      `${chart.title} · ${name} · ${total} image${total === 1 ? '' : 's'}${shown}`;
    for (const row of rows) {
      const figure = document.createElement('figure');
      const image = document.createElement('img');
      image.src = 'thumbs/' + row + '.jpg'; image.alt = data.names[row];
      figure.append(image, data.names[row]); strip.append(figure);
    }
    drawer.classList.add('on');
  });
});
document.querySelectorAll('.chips').forEach(chips => {
  const items = document.querySelectorAll(chips.dataset.of);
  chips.addEventListener('click', e => {
    const button = e.target.closest('button'); if (!button) return;
    chips.querySelectorAll('button').forEach(b =>
      b.classList.toggle('on', b === button));
    const kind = button.dataset.kind;
    items.forEach(item => {
      item.style.display = !kind || item.dataset.kind === kind ? '' : 'none'; });
  });
  chips.querySelector('button').click();
});
"""


def page(
    title: str, lead: str, sections: Sequence[tuple[str, str, str]], data: Any
) -> str:
    """Return the whole page.

    Args:
        title: Its title.
        lead: A line below it.
        sections: Heading, introduction and HTML of each section.
        data: What the script needs: ``names``, and ``charts`` by id.
    """
    marks = [f's{number}' for number in range(len(sections))]
    links = ''.join(
        f'<a href="#{mark}">{escape(heading)}</a>'
        for mark, (heading, _, _) in zip(marks, sections)
    )
    body = ''.join(
        f'<section id="{mark}"><h2>{escape(heading)}</h2><p>{escape(text)}</p>'
        f'{inner}</section>\n'
        for mark, (heading, text, inner) in zip(marks, sections)
    )
    # In a script element only '</' and '<!--' could end or change it.
    content = json.dumps(data, separators=(',', ':')).replace('<', '\\u003c')
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>'
        f'<header><div><h1>{escape(title)}</h1><p>{escape(lead)}</p><nav>{links}</nav>'
        f'</div></header>\n<main>{body}</main><footer></footer>\n'
        '<div id="drawer"><h3><button title="close">×</button><span id="what"></span>'
        '</h3><div id="strip"></div></div>\n'
        f'<script type="application/json" id="data">{content}</script>\n'
        f'<script>{SCRIPT}</script>\n</body></html>\n'
    )


def figure(chart_id: str, title: str, svg: str, kind: str = '') -> str:
    """Return a chart with its title; ``kind`` is what chips choose by."""
    mark = f' data-kind="{escape(kind, quote=True)}"' if kind else ''
    return (
        f'<figure data-chart="{chart_id}"{mark}><h3>{escape(title)}</h3>{svg}</figure>'
    )


def grid(items: Iterable[str], two: bool = False) -> str:
    """Lay items out in three columns, or two."""
    return f'<div class="grid{" two" if two else ""}">{"".join(items)}</div>'


def chips(kinds: Sequence[tuple[str, str]], of: str) -> str:
    """Return buttons that show the items of one kind alone; the first is chosen.

    Args:
        kinds: Kind, empty for all, and the text of the button.
        of: CSS selector of the items.
    """
    buttons = ''.join(
        f'<button data-kind="{escape(kind, quote=True)}"'
        f'{" class=on" if not place else ""}>{escape(text)}</button>'
        for place, (kind, text) in enumerate(kinds)
    )
    return f'<div class="chips" data-of="{escape(of, quote=True)}">{buttons}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells that begin with ``!`` stand out."""

    def cell(text: str) -> str:
        odd = ' class="odd"' if text.startswith('!') else ''
        return f'<td{odd}>{escape(text.removeprefix("!"))}</td>'

    head = ''.join(f'<th>{escape(text)}</th>' for text in header)
    body = ''.join(f'<tr>{"".join(map(cell, row))}</tr>' for row in rows)
    return f'<table><tr>{head}</tr>{body}</table>'


def card(picture: str, rule: str, score: float, place: str, message: str) -> str:
    """Return a finding: its picture, rule, score, where it is, and what is wrong."""
    return (
        f'<div class="card" data-kind="{escape(rule, quote=True)}">'
        f'<img loading="lazy" alt="" src="{escape(picture, quote=True)}">'
        f'<div><b>{escape(rule.replace("_", " "))}</b><i>{score:.2f}</i>'
        f'<small>{escape(place)}</small>{escape(message)}</div></div>'
    )
