"""Stores of an ensemble's members, and what stores have to remember of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..checkpoint import read_checkpoint
from ..config import load_config
from ..datasets.images import find_image_folder
from ..progress import track
from ..pseudo.trained import trained_images
from ..pseudo.writer import hash_file
from .ensemble import open_member
from .origin import check_images, config_digest
from .recipe import Member, Recipe
from .shards import Shards
from .store import ProbStore


def to_store(
    member: Member,
    recipe: Recipe,
    names: Sequence[str],
    folder: Path,
    shards: Shards,
    **options: Any,
) -> Member:
    """Predict a member into a store in float16, as far as that is not done.

    Args:
        member: The member; one that is a store stays as it is.
        recipe: Where its images are.
        names: The images, those of all processes.
        folder: Where the store lies.
        shards: The processes that share them.
        options: See :func:`~.ensemble.open_member`.

    Returns:
        The member with its store in place of the config.

    Raises:
        DataError: The folder holds a store of something else.
    """
    if member.store is not None:
        return member
    assert member.config is not None and member.checkpoint is not None
    root = recipe.data_root or ''
    cfg = load_config(member.config, data_root=recipe.data_root, from_scratch=True)
    source = dict(
        config=member.config,
        config_sha256=config_digest(cfg, member.tta),
        checkpoint=hash_file(member.checkpoint),
        tta=member.tta if isinstance(member.tta, bool) else member.tta.describe(),
        window=member.window,
        overlap=member.overlap,
        dtype=member.dtype,
        data_root=recipe.data_root,
        ann_file=recipe.ann_file,
        **pseudo_of([member], options.get('trusted', False)),
    )
    done: set[str] = set()
    if (folder / 'store.json').is_file():
        found = ProbStore.open(folder)
        ProbStore(folder, found.classes, 'float16', source)
        done = {name for name in names if name in found}
    images = find_image_folder(root, names)
    check_images(folder, images, names, done.__contains__, shards.first)
    left = [name for name in shards.mine(names) if name not in done]
    if left or not (folder / 'store.json').is_file():
        stream, classes = open_member(member, recipe, left, **options)
        store = ProbStore(folder, classes, 'float16', source)
        for name, probs in track(stream, len(left), folder.name):
            store.write(name, probs)
    return replace(
        member, store=str(folder), config=None, checkpoint=None, tta=False, window=None
    )


def pseudo_of(members: Sequence[Member], trusted: bool = False) -> dict[str, Any]:
    """Return what a store made of members tells of their pseudo labels.

    Args:
        members: The members.
        trusted: Allow pickled objects in their checkpoints.

    Returns:
        ``pseudo``, the images that one of them was trained on with pseudo labels; empty
        without such.
    """
    names: set[str] = set()
    for member in members:
        if member.store is not None:
            names |= {*ProbStore.open(member.store).source.get('pseudo', ())}
            continue
        assert member.checkpoint is not None
        content = read_checkpoint(member.checkpoint, trusted)
        seen = trained_images(content, member.checkpoint)
        names |= seen.pseudo if seen else set()
    return dict(pseudo=sorted(names)) if names else {}
