"""Take the rows of a submission CSV apart and name what is wrong with each.

A problem is a pair of its kind and its message. A problem that was named is worked
around, so that one mistake does not show as several.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from .submission_format import COLUMNS, HEADER

Problem = tuple[str, str]

DELIMITERS = {';': 'semicolons', '\t': 'tabs', '|': 'bars'}


@dataclass(frozen=True)
class Layout:
    """How the columns stand: their delimiter, whether an index comes before them, and
    whether the first line is a row already.
    """

    delimiter: str = ','
    index: bool = False
    header_is_data: bool = False


def header_layout(header: str) -> tuple[Layout, list[Problem]]:
    """Read the header line (without its end) and tell how the rows are laid out."""
    if _columns(header, ',') == list(COLUMNS):
        return Layout(), []
    problems: list[Problem] = []
    delimiter = ','
    for sign, name in DELIMITERS.items():
        if sign in header:
            delimiter = sign
            problems.append(
                ('delimiter', f'columns are separated by {name}, expected commas')
            )
            break
    fields = _columns(header, delimiter)
    if fields == list(COLUMNS):
        return Layout(delimiter), problems
    if fields[1:] == list(COLUMNS):
        message = f'has an index column {fields[0]!r}, expected {HEADER!r} alone'
        return Layout(delimiter, index=True), [*problems, ('index_column', message)]
    data = len(fields[-1]) > 1000 or fields[-1].split(' ')[0].isdigit()
    message = f'wrong header {_short(header)}, expected {HEADER!r}'
    if data:
        message = f'no header, expected {HEADER!r} in the first line'
    return Layout(delimiter, header_is_data=data), [*problems, ('header', message)]


def split_row(
    line: bytes, layout: Layout, known: Set[str]
) -> tuple[str, bytes | None, list[Problem]]:
    """Split a row into its columns.

    Args:
        line: The row in UTF-8 without its line end.
        layout: What the header told.
        known: The image ids of the test set.

    Returns:
        The image_id, the PredictionString (None when there is none), the problems.
    """
    problems: list[Problem] = []
    delimiter = layout.delimiter
    name, rest = _first_field(line, delimiter)
    if rest is None:
        for sign, title in {',': '', **DELIMITERS}.items():
            other, tail = _first_field(line, sign)
            if tail is not None:
                name, rest, delimiter = other, tail, sign
                if title:
                    message = f'columns are separated by {title}, expected commas'
                    problems.append(('delimiter', message))
                break
    if rest is not None and (layout.index or (name not in known and name.isdigit())):
        inner, tail = _first_field(rest, delimiter)
        if tail is not None and (layout.index or inner in known):
            if not layout.index:
                message = f'has an index column {name!r} before the image_id'
                problems.append(('index_column', message))
            name, rest = inner, tail
    if rest is None:
        problems.append(('columns', f'has 1 column, expected {len(COLUMNS)}'))
        name = name if len(name) < 200 else _short(name)
    elif len(rest) > 1 and rest.startswith(b'"') and rest.endswith(b'"'):
        rest = rest[1:-1]
    return name, rest, problems


def prediction_faults(text: bytes, num_classes: int, count: int) -> Iterator[Problem]:
    """Check a PredictionString.

    Args:
        text: The column's bytes, UTF-8.
        num_classes: Labels run from 0 to ``num_classes - 1``.
        count: How many integers there must be.

    Yields:
        Its problems, each kind at most once with the first place where it occurs.
    """
    for sign, name in {',': 'commas', **DELIMITERS}.items():
        if sign.encode() in text:
            message = f'integers are separated by {name}, expected single spaces'
            yield 'separator', message
            text = text.replace(b', ', b' ').replace(sign.encode(), b' ')
    # Splitting and looking at the few distinct values keeps a row at 4 ms.
    tokens = text.split(b' ')
    distinct = set(tokens)
    if b'' in distinct:
        if not text.strip():
            tokens = []
        elif text.startswith(b' ') or text.endswith(b' '):
            yield 'spaces', 'PredictionString begins or ends with a space'
        if b'  ' in text.strip():
            place = text.strip().index(b'  ')
            before = len(text.strip()[:place].split())
            message = f'more than one space between integers {before} and {before + 1}'
            yield 'spaces', message
        tokens = [token for token in tokens if token]
        distinct.discard(b'')
    if len(tokens) != count:
        yield 'count', f'{len(tokens)} integers, expected {count}'
    yield from _label_faults(tokens, distinct, num_classes)


def _label_faults(
    tokens: list[bytes], distinct: set[bytes], num_classes: int
) -> Iterator[Problem]:
    """Name the first value that is no integer and the first that is out of range."""
    no_integer: set[bytes] = set()
    outside: set[bytes] = set()
    for token in distinct:
        if not token.removeprefix(b'-').isdigit():
            no_integer.add(token)
        # Leading zeros aside, a label has at most three digits; int() of very long
        # digit strings raises.
        elif len(token.lstrip(b'0')) > 9 or not 0 <= int(token) < num_classes:
            outside.add(token)
    for kind, bad, what in (
        ('not_integer', no_integer, 'is not an integer'),
        ('range', outside, f'is out of range, expected 0..{num_classes - 1}'),
    ):
        if bad:
            place = next(i for i, token in enumerate(tokens, 1) if token in bad)
            total = sum(token in bad for token in tokens)
            value = _short(tokens[place - 1].decode())
            more = f' ({total} such values)' if total > 1 else ''
            yield kind, f'value {place}, {value}, {what}{more}'


def _columns(header: str, delimiter: str) -> list[str]:
    fields = header.split(delimiter)
    return [
        field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else field
        for field in fields
    ]


def _first_field(line: bytes, delimiter: str) -> tuple[str, bytes | None]:
    """Split off the first column, which may be quoted; the rest is None without one."""
    sign = delimiter.encode()
    if line.startswith(b'"'):
        end = line.find(b'"' + sign, 1)
        if end > 0:
            name = line[1:end].replace(b'""', b'"')
            return name.decode(), line[end + 2 :]
    name, found, rest = line.partition(sign)
    return name.decode(), rest if found else None


def _short(text: str, length: int = 60) -> str:
    return repr(text if len(text) <= length else f'{text[:length]}…')
