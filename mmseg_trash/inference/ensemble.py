"""Ensembles of members: soft or hard, streamed image by image."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from .store import Probs, ProbStore
from .voting import hard_vote

Stream = Iterable[tuple[str, Probs]]
RULES = ('soft', 'hard')


@dataclass(frozen=True)
class Member:
    """One member of an ensemble: a store, or a config with its checkpoint.

    Attributes:
        store: Folder of a store of probabilities.
        config: File of a config.
        checkpoint: File of its weights.
        tta: Average over the config's views.
        weight: Share in the average, or number of votes; positive.
        class_weights: Class name -> factor on its probability, for members that know
            some classes better.
    """

    store: str | None = None
    config: str | None = None
    checkpoint: str | None = None
    tta: bool = False
    weight: float = 1.0
    class_weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """All that makes an ensemble's label maps.

    Attributes:
        members: At least one; in a tie of votes the earlier one wins.
        rule: ``soft`` averages probabilities, ``hard`` counts votes.
        data_root: Folder of the images; needed for members with a config.
        ann_file: The images, relative to ``data_root``.
    """

    members: Sequence[Member]
    rule: str = 'soft'
    data_root: str | None = None
    ann_file: str = 'test.json'


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from YAML; paths in it are relative to the present folder.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: A key is unknown or a value out of range; names it.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such recipe')
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
    except yaml.YAMLError as error:
        raise ConfigError(f'{file}: is no YAML: {error}') from error
    if not isinstance(content, dict) or not isinstance(content.get('members'), list):
        raise ConfigError(f'{file}: expected a mapping with a list of members')
    try:
        members = [Member(**member) for member in content.pop('members')]
        recipe = Recipe(members, **content)
    except TypeError as error:
        raise ConfigError(f'{file}: {error}') from error
    _check(recipe, file)
    return recipe


def _check(recipe: Recipe, file: Path) -> None:
    if recipe.rule not in RULES:
        raise ConfigError(f'{file}: rule {recipe.rule!r}, expected one of {RULES}')
    if not recipe.members:
        raise ConfigError(f'{file}: members is empty')
    for number, member in enumerate(recipe.members):
        where = f'{file}: members[{number}]'
        if (member.store is None) == (member.config is None):
            raise ConfigError(f'{where}: expected either store or config')
        if member.config is not None and member.checkpoint is None:
            raise ConfigError(f'{where}: config without checkpoint')
        numbers = {'weight': member.weight, **member.class_weights}
        for key, value in numbers.items():
            if not isinstance(value, (int, float)) or value <= 0:
                raise ConfigError(f'{where}: {key} must be positive, got {value!r}')


def image_names(recipe: Recipe) -> list[str]:
    """Return the images to combine, in order: the JSON's, or those of the first store.

    Raises:
        ConfigError: Only stores come without a JSON.
    """
    if recipe.data_root is not None:
        from .submission import read_image_ids

        return read_image_ids(Path(recipe.data_root) / recipe.ann_file)
    stores = [member.store for member in recipe.members]
    if stores[0] is None or None in stores:
        raise ConfigError('data_root: is needed for members with a config')
    return list(ProbStore.open(stores[0]))


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
        DataError: The member's store lacks an image.
    """
    if member.store is not None:
        store = ProbStore.open(member.store)
        missing = [name for name in names if name not in store]
        if missing:
            raise DataError(
                f'{member.store}: lacks {len(missing)} of {len(names)} images, the '
                f'first is {missing[0]!r}'
            )
        return ((name, store.read(name)) for name in names), list(store.classes)
    from ..config import load_config
    from .predictor import Predictor

    assert member.config is not None and member.checkpoint is not None
    cfg = load_config(member.config, data_root=recipe.data_root, from_scratch=True)
    cfg.predict_dataset.ann_file = recipe.ann_file
    predictor = Predictor(cfg, member.checkpoint, tta=member.tta, **options)
    dataset = predictor.dataset()
    return predictor.probs(dataset), list(dataset.metainfo['classes'])


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
) -> Iterator[tuple[str, NDArray[np.uint8], Probs | None]]:
    """Combine members image by image, in the memory of one image of each.

    Args:
        streams: Names and probabilities, (C, H, W), the same images in the same order.
        weights: Of each member's classes, (C,).
        rule: ``soft`` or ``hard``; by votes, the first class's weight counts.

    Yields:
        The name, the label map (H, W), and the mean probabilities (None for votes).

    Raises:
        DataError: The members have other images, another order or other sizes.
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
        if rule == 'hard':
            labels = np.stack(
                [probs.argmax(0).astype(np.uint8) for _, probs in present]
            )
            yield name, hard_vote(labels, [float(w[0]) for w in weights]), None
            continue
        total = np.zeros_like(first)
        for (_, probs), weight in zip(present, weights):
            total += weight[:, None, None] * probs
        total /= total.sum(0, keepdims=True)
        yield name, total.argmax(0).astype(np.uint8), total
