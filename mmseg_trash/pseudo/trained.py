"""Which images a model has seen, kept in its checkpoints, and what follows from it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, DataError

KEY = 'trained_images'
"""Where it stands in a checkpoint's ``meta``."""
PSEUDO = 'pseudo'
"""Where provenance stands in the ``info`` of a JSON of pseudo labels."""
ALLOW = 'default_hooks.trained_images.allow_pseudo'
"""Key of the configs that switches the guard off."""


@dataclass(frozen=True)
class TrainedImages:
    """The images that a model was trained on, by ``file_name``.

    Attributes:
        labelled: Those with true labels.
        pseudo: Those with pseudo labels, made before or during the training.
        round: Highest round of the pseudo labels, 0 without any.
    """

    labelled: frozenset[str] = frozenset()
    pseudo: frozenset[str] = frozenset()
    round: int = 0

    def __or__(self, other: 'TrainedImages') -> 'TrainedImages':
        return TrainedImages(
            self.labelled | other.labelled,
            self.pseudo | other.pseudo,
            max(self.round, other.round),
        )

    def to_meta(self) -> dict[str, Any]:
        """Return plain lists for a checkpoint's ``meta``."""
        return dict(
            labelled=sorted(self.labelled), pseudo=sorted(self.pseudo), round=self.round
        )


def trained_images(checkpoint: Mapping[str, Any], file: str) -> TrainedImages | None:
    """Read what a checkpoint says of its training images.

    Args:
        checkpoint: As :func:`mmseg_trash.checkpoint.read_checkpoint` gives it.
        file: Its path, for the error.

    Returns:
        The images; None if it says nothing (older or foreign checkpoints).

    Raises:
        CheckpointError: The entry is damaged.
    """
    found = (checkpoint.get('meta') or {}).get(KEY)
    if found is None:
        return None
    try:
        return TrainedImages(
            frozenset(map(str, found['labelled'])),
            frozenset(map(str, found['pseudo'])),
            int(found['round']),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f'{file}: meta.{KEY} is damaged: {error!r}') from error


def trained_by_any(
    checkpoints: Iterable[Mapping[str, Any]], files: Iterable[str]
) -> dict[str, Any]:
    """Return what a checkpoint made of others has to remember.

    Args:
        checkpoints: See :func:`trained_images`.
        files: Their paths.

    Returns:
        Part of its ``meta``: the images that one of them was trained on; empty if none
        of them tells.

    Raises:
        CheckpointError: See :func:`trained_images`.
    """
    found = [trained_images(one, file) for one, file in zip(checkpoints, files)]
    known = [one for one in found if one is not None]
    if not known:
        return {}
    total = TrainedImages()
    for one in known:
        total |= one
    return {KEY: total.to_meta()}


def pseudo_info(ann_file: str | Path) -> dict[str, Any] | None:
    """Return the provenance of a JSON of pseudo labels, None for any other JSON.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The provenance is damaged.
    """
    content = Path(ann_file).read_bytes()
    if f'"{PSEUDO}"'.encode() not in content:
        return None
    info = json.loads(content).get('info')
    found = info.get(PSEUDO) if isinstance(info, dict) else None
    if found is None:
        return None
    if not isinstance(found, dict) or not isinstance(found.get('round'), int):
        raise DataError(f'{ann_file}: info.{PSEUDO} is damaged: expected a round')
    return found


def images_of(datasets: Iterable[Any]) -> TrainedImages:
    """Collect the images of the parts of a training set.

    Args:
        datasets: Data sets; those without ``ann_file`` or names are passed over.

    Raises:
        DataError: See :func:`pseudo_info`.
    """
    found = TrainedImages()
    for part in datasets:
        file = getattr(part, 'ann_file', None)
        names = file_names(part)
        if not file or not names or not Path(file).is_file():
            continue
        info = pseudo_info(file)
        if info is None:
            found |= TrainedImages(labelled=names)
        else:
            found |= TrainedImages(pseudo=names, round=info['round'])
    return found


def file_names(dataset: Any) -> frozenset[str]:
    """Return the names of a data set's images, those that it has a name for."""
    if not hasattr(dataset, 'get_data_info'):
        return frozenset()
    infos = (dataset.get_data_info(place) for place in range(len(dataset)))
    return frozenset(info['file_name'] for info in infos if 'file_name' in info)


def refuse_pseudo(seen: TrainedImages, names: Iterable[str], who: str) -> None:
    """Refuse to score images that a model was trained on with pseudo labels.

    Such a score flatters: the model repeats what it was taught about these images.

    Args:
        seen: What the model has seen.
        names: The images to score.
        who: The model, for the message.

    Raises:
        DataError: An image is among both.
    """
    names = set(names)
    both = sorted(names & seen.pseudo)
    if both:
        raise DataError(
            f'{who}: was trained with pseudo labels on {len(both)} of the {len(names)} '
            f'images to score ({both[0]!r} is one), so that the score would flatter; '
            'score other images, or make pseudo labels without these '
            f'(if you know better: --cfg-options {ALLOW}=True, or '
            '--allow-pseudo of tools/test.py and tools/score.py)'
        )
