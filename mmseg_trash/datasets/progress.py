"""A progress bar for the work of a first use."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar('Item')


def progress(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Yield the items and show on standard error how far one is.

    Args:
        items: What to go through.
        title: What is being done.
        total: Number of items.

    Yields:
        The items.
    """
    console = Console(stderr=True)
    yield from track(items, title, total, console=console, disable=total < 2)
