"""What stands behind a training loader."""

from collections.abc import Iterator
from typing import Any


def parts(dataset: Any) -> Iterator[Any]:
    """Yield the data sets within a wrapped one, or itself."""
    inner = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    if inner == [None]:
        yield dataset
        return
    for part in inner:
        yield from parts(part)


def steps(dataset: Any) -> Iterator[Any]:
    """Yield all transforms of a data set, those within others too."""
    waiting = [part.pipeline for part in parts(dataset)]
    while waiting:
        step = waiting.pop()
        yield step
        inner = getattr(step, 'transforms', ())
        waiting += list(inner) if isinstance(inner, (list, tuple)) else [inner]
