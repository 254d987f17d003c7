"""Write a changed training pipeline as a config that inherits the one it comes from."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..fileio import atomic_write
from .playground import Recipe, Step

WIDTH = 88


def fragment(
    recipe: Recipe, steps: Sequence[Step], folder: str | os.PathLike[str]
) -> str:
    """Write a pipeline as the text of a config.

    Named pieces of the base that occur unchanged are named, not repeated.

    Args:
        recipe: The config that is inherited.
        steps: The steps, packing left out.
        folder: Where the text will stand; the base is named relative to it.

    Returns:
        Python source that mmengine reads as a config.

    Raises:
        ConfigError: There are no steps.
    """
    if not steps:
        raise ConfigError('a pipeline needs at least one step')
    base = os.path.relpath(recipe.config.resolve(), Path(folder).resolve())
    lines = [f'_base_ = {base!r}', '', 'train_pipeline = [']
    for entry in _with_pieces(recipe, [*steps, *recipe.packing]):
        if isinstance(entry, str):
            lines.append(f'    *_base_.{entry},')
        else:
            lines += _lines(entry, 4)
    target = 'dict(pipeline=train_pipeline)'
    for _ in recipe.nested:
        target = f'dict(dataset={target})'
    lines += [']', f'train_dataloader = dict(dataset={target})', '']
    return '\n'.join(lines)


def write_fragment(
    recipe: Recipe, steps: Sequence[Step], path: str | os.PathLike[str]
) -> Path:
    """Write a pipeline as a config file, see `fragment`.

    Raises:
        ConfigError: There are no steps, or the name does not end in ``.py``.
    """
    path = Path(path)
    if path.suffix != '.py':
        raise ConfigError(f'{path}: a config ends in .py')
    text = fragment(recipe, steps, path.parent)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding='utf-8')
    return path


def _with_pieces(recipe: Recipe, steps: Sequence[Step]) -> list[Step | str]:
    """Replace runs of steps that equal a named piece by its name, longest first."""
    pieces = sorted(recipe.pieces.items(), key=lambda item: -len(item[1]))
    found: list[Step | str] = []
    place = 0
    while place < len(steps):
        for name, piece in pieces:
            if piece and list(piece) == list(steps[place : place + len(piece)]):
                found.append(name)
                place += len(piece)
                break
        else:
            found.append(steps[place])
            place += 1
    return found


def _lines(value: Any, indent: int, key: str = '') -> list[str]:
    """Write a value, on one line where it fits."""
    space, name = ' ' * indent, f'{key}=' if key else ''
    line = f'{space}{name}{_inline(value)},'
    if len(line) <= WIDTH:
        return [line]
    if isinstance(value, Mapping) and all(str(k).isidentifier() for k in value):
        inner = [_lines(item, indent + 4, str(k)) for k, item in value.items()]
        marks = 'dict(', ')'
    elif isinstance(value, (list, tuple)):
        inner = [_lines(item, indent + 4) for item in value]
        marks = ('[', ']') if isinstance(value, list) else ('(', ')')
    else:
        return [line]
    body = [text for part in inner for text in part]
    return [f'{space}{name}{marks[0]}', *body, f'{space}{marks[1]},']


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        if all(str(key).isidentifier() for key in value):
            items = ', '.join(f'{key}={_inline(item)}' for key, item in value.items())
            return f'dict({items})'
        items = ', '.join(f'{k!r}: {_inline(item)}' for k, item in value.items())
        return f'{{{items}}}'
    if isinstance(value, tuple):
        comma = ',' if len(value) == 1 else ''
        return f'({", ".join(map(_inline, value))}{comma})'
    if isinstance(value, list):
        return f'[{", ".join(map(_inline, value))}]'
    return repr(value)
