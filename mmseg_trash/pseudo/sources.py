"""Where the probabilities of pseudo labels come from, and who made them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checkpoint import read_checkpoint
from ..errors import ConfigError, DataError
from ..inference.ensemble import (
    Member,
    Recipe,
    combine,
    factors,
    image_names,
    open_member,
    read_recipe,
)
from ..inference.store import Probs, ProbStore
from .trained import TrainedImages, trained_images
from .writer import hash_file

SHOWN = 3


@dataclass(frozen=True)
class Source:
    """The probabilities of some images.

    Attributes:
        recipe: The members, one store or several models.
        names: The images, in order.
        members: What is known of each member, as JSON values: files, hashes.
        seen: What the members were trained on.
        unknown: Members of which nobody knows that.
    """

    recipe: Recipe
    names: list[str]
    members: list[dict[str, Any]]
    seen: TrainedImages
    unknown: list[str]

    @property
    def round(self) -> int:
        """Number of the round that labels of this source belong to, from 1."""
        return self.seen.round + 1

    def refuse_trained(self) -> None:
        """Refuse to label images that a member was trained on.

        Raises:
            DataError: There are such images.
        """
        known = self.seen.labelled | self.seen.pseudo
        both = [name for name in self.names if name in known]
        if both:
            raise DataError(
                f'a member was trained on {len(both)} of the {len(self.names)} images '
                f'to label ({", ".join(map(repr, both[:SHOWN]))}), so that its '
                'certainty says little; name other images, or pass --allow-trained '
                '(a further round on the same images does)'
            )

    def probs(self, **options: Any) -> tuple[Iterator[tuple[str, Probs]], list[str]]:
        """Open the stream of mean probabilities.

        Args:
            options: Of the predictor: ``device``, ``batch_size``, ...

        Returns:
            Names with (C, H, W) float32, in the order of ``names``, and the classes.

        Raises:
            ConfigError: The members differ in their classes.
        """
        opened = [
            open_member(member, self.recipe, self.names, **options)
            for member in self.recipe.members
        ]
        classes = list(opened[0][1])
        if any(list(other) != classes for _, other in opened):
            raise ConfigError('the members differ in their classes')
        weights = [factors(member, classes) for member in self.recipe.members]
        return _mean([stream for stream, _ in opened], weights), classes


def _mean(streams: Sequence[Any], weights: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for name, _, probs in combine(streams, weights, 'soft'):
        yield name, probs


def open_source(
    path: str | os.PathLike[str],
    checkpoints: Sequence[str] = (),
    trusted: bool = False,
) -> Source:
    """Open a recipe, or a store of probabilities.

    Args:
        path: A recipe in YAML, or the folder of a store.
        checkpoints: Files that stores were made with, since a store knows the hash of
            its checkpoint alone.
        trusted: Allow pickled objects in checkpoints.

    Raises:
        FileNotFoundError: A file does not exist.
        ConfigError: The recipe has a fault, or votes (which are no probabilities).
        DataError: A checkpoint belongs to no store.
    """
    place = Path(path)
    content: dict[str, Any]
    if place.is_dir():
        recipe = Recipe([Member(store=str(place))])
    else:
        recipe = read_recipe(place)
        if recipe.rule != 'soft':
            raise ConfigError(f'{path}: rule {recipe.rule!r} gives no probabilities')
        if recipe.postprocess:
            raise ConfigError(
                f'{path}: postprocess: pseudo labels are made of mean probabilities; '
                'take it out'
            )
    given = {hash_file(file): file for file in checkpoints}
    left = set(given)
    seen, members, unknown = TrainedImages(), [], []
    for member in recipe.members:
        content = {k: v for k, v in asdict(member).items() if v}
        if not isinstance(member.tta, bool):
            content['tta'] = member.tta.describe()
        files: list[str | None]
        if member.store is not None:
            content['source'] = ProbStore.open(member.store).source
            digests = _digests(content['source'])
            left -= set(digests)
            files = [given.get(digest) for digest in digests] or [None]
        else:
            assert member.config is not None and member.checkpoint is not None
            files = [member.checkpoint]
            content['config_sha256'] = hash_file(member.config)
            content['checkpoint_sha256'] = hash_file(member.checkpoint)
        for file in files:
            found = (
                trained_images(read_checkpoint(file, trusted), file) if file else None
            )
            if found is None:
                unknown.append(str(file or member.store))
            else:
                seen |= found
                content['round'] = max(found.round, content.get('round', 0))
        members.append(content)
    if left:
        raise DataError(f'{given[min(left)]}: no store was made with this checkpoint')
    return Source(recipe, image_names(recipe), members, seen, unknown)


def _digests(source: Mapping[str, Any]) -> list[str]:
    """Return the hashes of the checkpoints that a store tells of."""
    found = [source.get('checkpoint')]
    for member in source.get('members') or ():
        found.append(member.get('checkpoint_sha256'))
        found += _digests(member.get('source') or {})
    return [str(digest) for digest in found if digest]
