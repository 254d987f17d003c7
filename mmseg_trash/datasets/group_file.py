"""Read which images belong together."""

import csv
import os
from collections.abc import Collection
from pathlib import Path

from .faults import Fault, raise_first

HEADER = ['file_name', 'group']


def read_groups(
    path: str | os.PathLike[str], known: Collection[str], json_file: str
) -> dict[str, str]:
    """Read a CSV ``file_name,group``.

    Args:
        path: The CSV, with that header.
        known: The names in the JSON.
        json_file: Path of the JSON that errors name.

    Returns:
        file_name -> group.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The header is another one, a line has not two fields, a name is not
            in the JSON, or has two groups.
    """
    file = str(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f'group file {path} does not exist')
    with Path(path).open(newline='', encoding='utf-8-sig') as handle:
        rows = list(csv.reader(handle))
    header = rows[0] if rows else []
    if [field.strip() for field in header] != HEADER:
        message = f'must be {",".join(HEADER)!r}, got {",".join(header)!r}'
        raise_first([Fault('bad_header', file, 'header', message)])
    known = set(known)
    groups: dict[str, str] = {}
    faults = []
    for number, row in enumerate(rows[1:], 2):
        where = f'line {number}'
        if not row:
            continue
        if len(row) != 2:
            message = f'has {len(row)} fields instead of two'
            faults.append(Fault('bad_line', file, where, message))
            continue
        name, group = (field.strip() for field in row)
        if name not in known:
            message = f'file_name {name!r} is not in {json_file}'
            faults.append(Fault('unknown_name', file, where, message))
        elif groups.setdefault(name, group) != group:
            message = f'file_name {name!r} has the groups {groups[name]!r}, {group!r}'
            faults.append(Fault('two_groups', file, where, message))
    raise_first(faults)
    return groups
