"""A progress bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

T = TypeVar('T')
LINES = 10
"""How many lines stand in for the bar where there is no terminal."""


def track(items: Iterable[T], total: int, title: str) -> Iterator[T]:
    """Pass items through and show on standard error how many have come.

    No item is held while the next one is made: it may be as large as memory allows.

    Args:
        items: What to pass through.
        total: How many there will be; of one, nothing is shown.
        title: What is being done.

    Yields:
        The items.
    """
    if total < 2:
        yield from items
        return
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        done = 0
        for item in items:
            yield item
            del item
            done += 1  # noqa: SIM113
            if done * LINES // total > (done - 1) * LINES // total:
                sys.stderr.write(f'{title}: {done}/{total}\n')
        return
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        for item in items:
            yield item
            del item
            progress.advance(task)
