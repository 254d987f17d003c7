"""Batches of photographs that differ in size."""

from collections.abc import Callable, Sequence
from typing import Any

Step = Callable[[Any], Sequence[Any]]


def _sizes(inputs: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the shape of each image, or the shapes of its views."""
    if isinstance(inputs[0], (list, tuple)):
        return [tuple(tuple(view.shape) for view in image) for image in zip(*inputs)]
    return [tuple(image.shape) for image in inputs]


def _taken(value: Any, number: int, rows: Sequence[int], views: bool) -> Any:
    """Return some rows of what a batch has under one key."""
    if views and isinstance(value, (list, tuple)):
        return [_taken(view, number, rows, False) for view in value]
    if isinstance(value, (list, tuple)) and len(value) == number:
        return [value[row] for row in rows]
    return value


def step_by_size(step: Step, data_batch: Any) -> Sequence[Any]:
    """Run a model's step on the images of a batch, those of one size together.

    A network takes images of one size; mmseg refuses others.

    Args:
        step: ``val_step`` or ``test_step`` of a model.
        data_batch: As the loader gives it: under ``inputs`` a list of N images, C x H x
            W, or with views a list of views of them, and ``data_samples`` likewise.

    Returns:
        The N predictions, in the order of the batch.
    """
    inputs = data_batch['inputs']
    if not isinstance(inputs, (list, tuple)):  # one tensor, so one size
        return step(data_batch)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, size in enumerate(_sizes(inputs)):
        groups.setdefault(size, []).append(row)
    if len(groups) == 1:
        return step(data_batch)
    views = isinstance(inputs[0], (list, tuple))
    number = sum(map(len, groups.values()))
    found: list[Any] = [None] * number
    for rows in groups.values():
        part = {k: _taken(v, number, rows, views) for k, v in data_batch.items()}
        for row, output in zip(rows, step(part)):
            found[row] = output
    return found
