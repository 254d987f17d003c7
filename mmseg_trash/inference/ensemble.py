"""Ensembles of members: soft or hard, streamed image by image."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from .recipe import Member, Recipe, read_recipe
from .store import Probs, ProbStore
from .voting import hard_vote, most_supported

__all__ = [
    'Combined', 'Member', 'Recipe', 'combine', 'combine_members', 'factors',
    'image_names', 'open_member', 'read_recipe',
]  # fmt: skip

Stream = Iterable[tuple[str, Probs]]
Labels = NDArray[np.uint8]


class Combined(NamedTuple):
    """What an ensemble says of an image.

    Attributes:
        name: The image's ``file_name``.
        label: The label map, (H, W).
        probs: The mean probabilities, (C, H, W); None for votes.
        members: The members' own label maps, (H, W) each; empty if not asked for.
    """

    name: str
    label: Labels
    probs: Probs | None
    members: list[Labels]


def image_names(recipe: Recipe) -> list[str]:
    """Return the images to combine, in order: the JSON's, or those of the first store.

    Raises:
        ConfigError: Only stores come without a JSON.
        DataError: They have other images than the first one, or there are none.
    """
    if recipe.data_root is not None:
        from .submission import read_image_ids

        return read_image_ids(Path(recipe.data_root) / recipe.ann_file)
    stores = [member.store for member in recipe.members if member.store is not None]
    if len(stores) < len(recipe.members):
        raise ConfigError('data_root: is needed for members with a config')
    names = list(ProbStore.open(stores[0]))
    for other in stores:
        more = {*ProbStore.open(other)} - {*names}
        if more:
            raise DataError(
                f'{stores[0]}: lacks {len(more)} images that {other} has, the first is '
                f'{min(more)!r}; data_root and ann_file say which ones are wanted'
            )
    if not names:
        raise DataError(f'{stores[0]}: holds no image')
    return names


def open_member(
    member: Member, recipe: Recipe, names: Sequence[str], **options: Any
) -> tuple[Stream, list[str]]:
    """Open a member's stream of probabilities.

    Args:
        member: The member.
        recipe: Where its images are.
        names: The images, in order.
        options: For :class:`Predictor`: ``device``, ``batch_size``, ...

    Returns:
        The stream, and the names of the classes.

    Raises:
        DataError: The member lacks an image.
    """
    if member.store is not None:
        store = ProbStore.open(member.store)
        _check_images(member.store, names, store)
        return ((name, store.read(name)) for name in names), list(store.classes)
    from torch.utils.data import Subset

    from ..config import load_config
    from .predictor import Predictor

    assert member.config is not None and member.checkpoint is not None
    cfg = load_config(member.config, data_root=recipe.data_root, from_scratch=True)
    cfg.predict_dataset.ann_file = recipe.ann_file
    predictor = Predictor(
        cfg,
        member.checkpoint,
        tta=member.tta,
        window=member.window,
        overlap=member.overlap,
        dtype=member.dtype,
        **options,
    )
    dataset = predictor.dataset()
    places = {dataset.get_data_info(i)['file_name']: i for i in range(len(dataset))}
    _check_images(str(dataset.ann_file), names, places)
    chosen = Subset(dataset, [places[name] for name in names])
    return predictor.probs(chosen), list(dataset.metainfo['classes'])


def _check_images(where: str, names: Sequence[str], known: Any) -> None:
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f'{where}: lacks {len(missing)} of {len(names)} images, the first is '
            f'{missing[0]!r}'
        )


def factors(member: Member, classes: Sequence[str]) -> NDArray[np.float32]:
    """Return a member's weight of each class.

    Raises:
        ConfigError: It weighs a class that does not exist.
    """
    unknown = set(member.class_weights) - set(classes)
    if unknown:
        raise ConfigError(f'class_weights: {min(unknown)!r} is none of {list(classes)}')
    found = [member.weight * member.class_weights.get(name, 1.0) for name in classes]
    return np.array(found, dtype=np.float32)


def combine(
    streams: Sequence[Stream],
    weights: Sequence[NDArray[np.float32]],
    rule: str = 'soft',
) -> Iterator[tuple[str, Labels, Probs | None]]:
    """Combine members image by image, in the memory of one image of each.

    Args:
        streams: Names and probabilities, (C, H, W), the same images in the same order.
        weights: Of each member's classes, (C,).
        rule: ``soft`` or ``hard``; a vote counts as much as the member's weight of the
            class that it goes to.

    Yields:
        The name, the label map (H, W), and the mean probabilities (None for votes).

    Raises:
        DataError: The members have other images, another order or other sizes.
    """
    for found in combine_members(streams, weights, rule, keep_members=False):
        yield found.name, found.label, found.probs


def combine_members(
    streams: Sequence[Stream],
    weights: Sequence[NDArray[np.float32]],
    rule: str = 'soft',
    keep_members: bool = True,
) -> Iterator[Combined]:
    """Combine members as :func:`combine` does, and keep their own label maps.

    Args:
        streams: See :func:`combine`.
        weights: See :func:`combine`.
        rule: See :func:`combine`.
        keep_members: Whether to make the members' label maps.

    Yields:
        What the ensemble says of each image.
    """
    iterators = [iter(stream) for stream in streams]
    while True:
        rows = [next(iterator, None) for iterator in iterators]
        present = [row for row in rows if row is not None]
        if not present:
            return
        if len(present) < len(rows) or len({name for name, _ in present}) > 1:
            found = ['no further image' if r is None else repr(r[0]) for r in rows]
            raise DataError(f'the members differ in their images: {", ".join(found)}')
        name, first = present[0]
        shapes = {probs.shape for _, probs in present}
        if len(shapes) > 1:
            raise DataError(f'{name}: the members differ in size: {sorted(shapes)}')
        members: list[Labels] = []
        if keep_members or rule == 'hard':
            members = [probs.argmax(0).astype(np.uint8) for _, probs in present]
        if rule == 'hard':
            label = _vote(members, weights)
            yield Combined(name, label, None, members)
            continue
        total = np.zeros_like(first)
        for (_, probs), weight in zip(present, weights):
            total += weight[:, None, None] * probs
        total /= total.sum(0, keepdims=True)
        yield Combined(name, total.argmax(0).astype(np.uint8), total, members)


def _vote(members: Sequence[Labels], weights: Sequence[NDArray[np.float32]]) -> Labels:
    """Vote with each member's weights of the classes; ties go to the first member."""
    labels = np.stack(members)
    if all((of_classes == of_classes[0]).all() for of_classes in weights):
        return hard_vote(labels, [float(of_classes[0]) for of_classes in weights])
    support = np.zeros(labels.shape, np.float64)
    for other, of_classes in zip(labels, weights):
        support += of_classes[labels].astype(np.float64) * (labels == other)
    return most_supported(labels, support.round(9))
