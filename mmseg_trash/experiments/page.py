"""A small document that can be written as Markdown and as HTML."""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..fileio import atomic_write

STYLE = """body { font: 15px sans-serif; max-width: 70em; margin: 2em auto }
table { border-collapse: collapse; margin: 1em 0 }
td, th { padding: .3em .8em; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
pre { white-space: pre-wrap }
img { max-width: 100% }"""


@dataclass(frozen=True)
class Heading:
    """A heading of the second level."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table; its first column is text, the others are numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A PNG picture and what it shows."""

    path: Path
    alt: str


@dataclass
class Page:
    """A title and parts in order."""

    title: str
    parts: list[Heading | Text | Code | Table | Picture] = field(default_factory=list)

    def add(self, part: Heading | Text | Code | Table | Picture) -> None:
        """Add a part at the end."""
        self.parts.append(part)

    def markdown(self, folder: Path) -> str:
        """Return the page as Markdown that lies in a folder beside its pictures."""
        lines = [f'# {self.title}', '']
        for part in self.parts:
            if isinstance(part, Heading):
                lines.append(f'## {part.text}')
            elif isinstance(part, Text):
                lines.append(part.text)
            elif isinstance(part, Code):
                lines += ['```', part.text, '```']
            elif isinstance(part, Picture):
                path = part.path.relative_to(folder).as_posix()
                lines.append(f'![{part.alt}]({path})')
            else:
                rule = ['---', *['---:'] * (len(part.header) - 1)]
                rows = [part.header, rule, *part.rows]
                lines += [f'| {" | ".join(row)} |' for row in rows]
            lines.append('')
        return '\n'.join(lines).rstrip() + '\n'

    def html(self) -> str:
        """Return the page as one HTML file with its pictures inside."""
        title = html.escape(self.title)
        body = [f'<h1>{title}</h1>']
        for part in self.parts:
            if isinstance(part, Heading):
                body.append(f'<h2>{html.escape(part.text)}</h2>')
            elif isinstance(part, Text):
                body.append(f'<p>{html.escape(part.text)}</p>')
            elif isinstance(part, Code):
                body.append(f'<pre>{html.escape(part.text)}</pre>')
            elif isinstance(part, Picture):
                data = base64.b64encode(part.path.read_bytes()).decode()
                alt = html.escape(part.alt)
                body.append(f'<img alt="{alt}" src="data:image/png;base64,{data}">')
            else:
                rows = [_row(part.header, 'th'), *(_row(r, 'td') for r in part.rows)]
                body.append('<table>\n' + '\n'.join(rows) + '\n</table>')
        head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        inner = '\n'.join(body)
        return (
            f'<!doctype html>\n<html><head>{head}</head>\n'
            f'<body>\n{inner}\n</body></html>\n'
        )

    def write(self, folder: Path, stem: str, numbers: dict[str, Any]) -> None:
        """Write ``<stem>.md`` and ``.html``, and the numbers as ``<stem>.json``."""
        for suffix, text in (
            ('md', self.markdown(folder)),
            ('html', self.html()),
            ('json', json.dumps(numbers, indent=2) + '\n'),
        ):
            with atomic_write(folder / f'{stem}.{suffix}') as temporary:
                temporary.write_text(text, encoding='utf-8')


def _row(cells: Sequence[str], tag: str) -> str:
    inner = ''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)
    return f'<tr>{inner}</tr>'
