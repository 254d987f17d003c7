"""Lists of file names: folds, exclusions, any subset."""

import difflib
import os
from collections.abc import Collection
from pathlib import Path

from .faults import Fault, raise_first


def check_subset(
    path: str | os.PathLike[str], known: Collection[str], json_file: str
) -> tuple[list[str], list[Fault]]:
    """Read a list of file names and find its faults.

    Args:
        path: Text file, one ``file_name`` a line; empty lines are skipped.
        known: The names in the JSON.
        json_file: Path of the JSON that faults name.

    Returns:
        The names, and the faults: no such file, not text, no names, a name twice, a
        name that the JSON does not have.
    """
    file = str(path)
    try:
        text = Path(path).read_text(encoding='utf-8')
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        message = 'the list does not exist; tools/data/make_folds.py writes folds'
        return [], [Fault('missing_list', file, '', message)]
    except UnicodeDecodeError as error:
        return [], [Fault('bad_list', file, '', f'is no UTF-8 text: {error}')]
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(number, name) for number, name in lines if name]
    if not lines:
        return [], [Fault('empty_list', file, '', 'holds no file name')]
    known = set(known)
    seen: set[str] = set()
    faults = []
    for number, name in lines:
        where = f'line {number}'
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f', did you mean {close[0]!r}?' if close else ''
            message = f'file_name {name!r} is not in {json_file}{hint}'
            faults.append(Fault('unknown_name', file, where, message))
        elif name in seen:
            message = f'file_name {name!r} stands twice'
            faults.append(Fault('doubled_name', file, where, message))
        seen.add(name)
    return [name for _, name in lines], faults


def read_subset(
    path: str | os.PathLike[str], known: Collection[str], json_file: str
) -> list[str]:
    """Read a list of file names.

    Args:
        path: Text file, one ``file_name`` a line.
        known: The names in the JSON.
        json_file: Path of the JSON that errors name.

    Returns:
        The names.

    Raises:
        DataError: The list has a fault, see ``check_subset``.
    """
    names, faults = check_subset(path, known, json_file)
    raise_first(faults)
    return names
