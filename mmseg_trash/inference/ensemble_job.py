"""What tools/ensemble.py does: a recipe in, a submission out."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..datasets.images import find_image_folder, read_photograph
from ..errors import ConfigError
from ..postprocess.order import PostProcess
from ..progress import track
from .ensemble import (
    Combined,
    combine_members,
    factors,
    image_names,
    open_member,
    read_recipe,
)
from .member_store import pseudo_of, to_store
from .recipe import read_yaml
from .shards import Shards
from .store import Probs, ProbStore
from .submission import check_target, write_submission
from .submission_format import SIZE

Row = tuple[str, NDArray[np.uint8]]


def run_recipe(
    path: str,
    shards: Shards,
    out: str | None = None,
    store: str | None = None,
    sequential: str | None = None,
    threads: int | None = None,
    **options: Any,
) -> str:
    """Combine a recipe's members and write the submission.

    Args:
        path: The recipe.
        shards: The processes that share the images.
        out: The CSV to write; None takes the recipe's.
        store: Folder that keeps the mean probabilities, before the steps behind them.
        sequential: Folder of stores into which the members are predicted one after the
            other, so that one model at a time is in memory; None holds all of them.
        threads: Of the computation on a CPU; None takes the recipe's.
        options: For :class:`~.predictor.Predictor`.

    Returns:
        What was done, in a line; empty in all but the first process.

    Raises:
        ConfigError, DataError, FileNotFoundError: The recipe cannot be followed.
    """
    recipe = read_recipe(path)
    if recipe.threads and threads is None:
        torch.set_num_threads(recipe.threads)
    target = out or recipe.output
    check_target(target)
    if store and recipe.rule == 'hard':
        raise ConfigError('--store: votes give no probabilities')
    names = image_names(recipe)
    mine = shards.mine(names)
    members = list(recipe.members)
    if sequential:
        members = [
            to_store(
                member, recipe, names, Path(sequential, f'member{i}'), shards, **options
            )
            for i, member in enumerate(members)
        ]
    opened = [open_member(member, recipe, mine, **options) for member in members]
    classes = opened[0][1]
    for number, (_, other) in enumerate(opened):
        if other != classes:
            raise ConfigError(
                f'{path}: members[{number}]: has other classes than the first'
            )
    post = PostProcess.from_dict(recipe.postprocess, classes)
    weights = [factors(member, classes) for member in recipe.members]
    kept = None
    if store:
        seen = pseudo_of(recipe.members, options.get('trusted', False))
        kept = ProbStore(
            store, classes, source=dict(recipe=read_yaml(Path(path)), **seen)
        )
    found = combine_members(
        [stream for stream, _ in opened], weights, recipe.rule, post.needs_members
    )
    folder = Path(recipe.data_root or '')
    if post.needs_image:
        folder = find_image_folder(folder, names)

    def rows() -> Iterator[Row]:
        for one in track(found, len(mine), 'combining'):
            if kept is not None and one.probs is not None:
                kept.write(one.name, one.probs)
            image = read_photograph(folder / one.name) if post.needs_image else None
            yield one.name, finish(one, post, image)

    if shards.total == 1:
        number = write_submission(rows(), target, names, len(classes))
    else:
        from ..metrics.confusion import resize_nearest

        small = [(name, resize_nearest(label, SIZE).copy()) for name, label in rows()]
        gathered = shards.interleave(small)
        if not shards.first:
            return ''
        number = write_submission(gathered, target, names, len(classes))
    return f'{target}: {number} rows from {len(members)} members'


def finish(
    found: Combined, post: PostProcess, image: NDArray[np.uint8] | None
) -> NDArray[np.uint8]:
    """Take the steps behind an ensemble.

    Args:
        found: What the ensemble says.
        post: The steps; after votes, write-back and clean-up only.
        image: The photograph, (H, W, 3) RGB, where a step asks for it.

    Returns:
        The label map.
    """
    if found.probs is not None:
        return post(image, found.probs, found.members)
    return post.finish_label(found.label, found.members)


def processed(
    rows: Iterable[tuple[str, Probs]], post: PostProcess, folder: str | Path
) -> Iterator[Row]:
    """Take the steps behind a single model's probabilities.

    Args:
        rows: Names and probabilities, (C, H, W).
        post: The steps.
        folder: Where the photographs lie, for steps that ask for them.

    Yields:
        Names and label maps.
    """
    for name, probs in rows:
        label = probs.argmax(0).astype(np.uint8)
        image = read_photograph(Path(folder) / name) if post.needs_image else None
        yield name, finish(Combined(name, label, probs, [label]), post, image)
