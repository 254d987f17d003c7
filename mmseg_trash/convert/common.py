"""Renaming, joining and resizing of tensors, shared by the converters."""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from math import isqrt

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import CheckpointError
from .position_bias import resize_table, square_grid

State = dict[str, Tensor]
Converter = Callable[[State], State]
# A regular expression that has to match the whole key, and what the key becomes.
Rules = Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]

logger = logging.getLogger(__name__)
_SHOWN = 5


def first(items: Iterable[str]) -> str:
    """Return the first few of some names as one line, with the number of the rest."""
    items = list(items)
    more = f' and {len(items) - _SHOWN} more' if len(items) > _SHOWN else ''
    return ', '.join(items[:_SHOWN]) + more


def leave_out(state: State, patterns: Sequence[str]) -> State:
    """Return a state dict without the keys that match one of some patterns.

    The keys are reported to the log, so that no tensor vanishes unseen.

    Args:
        state: The tensors.
        patterns: Regular expressions that have to match a whole key.
    """
    gone = [k for k in state if any(re.fullmatch(p, k) for p in patterns)]
    if gone:
        logger.info('left out %d tensors: %s', len(gone), ', '.join(gone))
    return {k: v for k, v in state.items() if k not in set(gone)}


def rename(state: State, rules: Rules, layout: str) -> State:
    """Rename every tensor by the first rule that matches its whole key.

    Args:
        state: The tensors.
        rules: Patterns and replacements, as :func:`re.sub` takes them.
        layout: Name of the layout that the rules describe, for the message.

    Returns:
        The renamed tensors, in the same order.

    Raises:
        CheckpointError: No rule fits some keys, or two keys become one.
    """
    compiled = [(re.compile(pattern), new) for pattern, new in rules]
    renamed: State = {}
    unknown: list[str] = []
    for key, value in state.items():
        for pattern, new in compiled:
            match = pattern.fullmatch(key)
            if match:
                target = match.expand(new) if isinstance(new, str) else new(match)
                if target in renamed:
                    raise CheckpointError(f'{layout}: two tensors become {target}')
                renamed[target] = value
                break
        else:
            unknown.append(key)
    if unknown:
        raise CheckpointError(
            f'is no {layout} checkpoint: {len(unknown)} of {len(state)} tensors are '
            f'unknown: {first(unknown)}'
        )
    return renamed


def joined(state: State, parts: Sequence[str], whole: str) -> State:
    """Concatenate tensors whose keys differ in one part of their name alone.

    Args:
        state: The tensors.
        parts: Ends of keys such as ``('query.weight', 'key.weight')``, in the order of
            the concatenation along axis 0.
        whole: The end that takes their place.

    Returns:
        A new state dict.

    Raises:
        CheckpointError: One of the parts is missing.
    """
    result: State = {}
    for key, value in state.items():
        if key.endswith(parts[0]):
            stem = key[: -len(parts[0])]
            names = [stem + part for part in parts]
            missing = [name for name in names if name not in state]
            if missing:
                raise CheckpointError(f'{first(missing)}: missing beside {key}')
            result[stem + whole] = torch.cat([state[name] for name in names])
        elif not any(key.endswith(part) for part in parts[1:]):
            result[key] = value
    return result


def stripped(state: State, prefix: str) -> State:
    """Return the tensors below a prefix, without it; all if none stands below it.

    The tensors that stand beside the prefix are reported to the log.
    """
    if not any(key.startswith(prefix) for key in state):
        return dict(state)
    beside = [re.escape(key) for key in state if not key.startswith(prefix)]
    below = leave_out(state, beside)
    return {key[len(prefix) :]: value for key, value in below.items()}


def resize_position_bias(table: Tensor, rows: int) -> Tensor:
    """Interpolate a table of relative position biases for another window.

    Args:
        table: (S * S, heads), S = 2 * window - 1, row-major; or three rows more, as
            BEiT has them for its class token, which are kept.
        rows: The number of rows wanted, with the same rows extra.

    Returns:
        (rows, heads): by bicubic interpolation as Swin's own code does it, or for BEiT
        by :func:`~mmseg_trash.convert.position_bias.resize_table`.

    Raises:
        CheckpointError: The numbers of rows are those of no such tables.
    """
    old, new = isqrt(len(table)), isqrt(rows)
    if (old * old, new * new) != (len(table), rows):
        try:
            return resize_table(table, square_grid(len(table)), square_grid(rows))
        except CheckpointError:
            raise CheckpointError(
                f'a table of {len(table)} position biases cannot become one of {rows}'
            ) from None
    if old == new:
        return table
    grid = table.float().t().reshape(1, -1, old, old)
    grid = F.interpolate(grid, size=(new, new), mode='bicubic', align_corners=False)
    return grid.reshape(-1, new * new).t().to(table.dtype).contiguous()
