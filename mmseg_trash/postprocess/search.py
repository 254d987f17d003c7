"""Choose the post-processing on predictions whose truth is known, out of fold."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from ..metrics.confusion import confusion_matrices, miou_global
from ..progress import track
from ..workbench.predictions import Predictions
from .batch import Ensemble
from .order import PostProcess
from .processes import map_in_processes
from .section import merged
from .small_objects import count_small

SIZES = (None, 256)
GRID: dict[str, list[Any]] = {
    'crf': [None, 'seed', 'pydensecrf', 'deeplab-resnet', 'deeplab-vgg'],
    'write_back': [None, True],
    'clean_up.min_size': [0, 50],
}
"""What is tried unless a file says otherwise."""


@dataclass(frozen=True)
class Score:
    """What one candidate reaches on some images.

    Attributes:
        options: What it sets, by dotted keys.
        confusions: N x 2 x C x C counts, at full size and at 256.
        small: N x 3 counts: `SmallObjects`.
    """

    options: Mapping[str, Any]
    confusions: NDArray[np.int64]
    small: NDArray[np.int64]

    @property
    def miou(self) -> float:
        """Return the global mIoU at full size."""
        return miou_global(self.confusions[:, 0])

    @property
    def miou_256(self) -> float:
        """Return the global mIoU at 256."""
        return miou_global(self.confusions[:, 1])

    @property
    def recall(self) -> float:
        """Return the share of the small objects that is found; NaN without any."""
        objects, found, _ = self.small.sum(axis=0)
        return float(found / objects) if objects else float('nan')

    @property
    def invented(self) -> int:
        """Return the number of small objects that are not there."""
        return int(self.small[:, 2].sum())


def candidates(
    grid: Mapping[str, Sequence[Any]],
    section: Mapping[str, Any] | None = None,
    classes: Sequence[str] = (),
) -> tuple[list[Mapping[str, Any]], list[PostProcess]]:
    """Lay every combination of a grid over a section.

    Args:
        grid: Dotted keys and the values to try.
        section: What all candidates share.
        classes: See `PostProcess.from_dict`.

    Returns:
        The options and the steps of each; those equal to an earlier one are left out.

    Raises:
        ConfigError: A key or value is wrong.
    """
    for key, values in grid.items():
        if not isinstance(values, (list, tuple)) or not values:
            raise ConfigError(f'{key}: expected a list of values, got {values!r}')
    options: list[Mapping[str, Any]] = []
    posts: list[PostProcess] = []
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values))
        post = PostProcess.from_dict(merged(section or {}, chosen), classes)
        if post not in posts:
            options.append(chosen)
            posts.append(post)
    return options, posts


def evaluate(
    ensemble: Ensemble,
    truth: Predictions,
    options: Sequence[Mapping[str, Any]],
    posts: Sequence[PostProcess],
    names: Sequence[str],
    max_area: int = 1024,
    workers: int = 1,
) -> list[Score]:
    """Score candidates on the same images; each CRF runs once per image.

    Args:
        ensemble: The predictions.
        truth: The true label maps.
        options: What to call the candidates, from `candidates`.
        posts: The candidates.
        names: The images.
        max_area: Greatest number of pixels of a small object.
        workers: Processes.
    """
    call = partial(_evaluate_image, ensemble, truth, posts, max_area, workers)
    rows = map_in_processes(call, names, workers)
    found = list(track(rows, len(names), 'post-processing'))
    confusions = np.stack([row[0] for row in found])
    small = np.stack([row[1] for row in found])
    return [
        Score(chosen, confusions[:, k], small[:, k]) for k, chosen in enumerate(options)
    ]


def _evaluate_image(
    ensemble: Ensemble,
    truth: Predictions,
    posts: Sequence[PostProcess],
    max_area: int,
    workers: int,
    name: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return K x 2 x C x C confusions and K x 3 counts of small objects."""
    probs, members = ensemble.read(name)
    image = ensemble.image(name) if any(post.needs_image for post in posts) else None
    true = truth.label_map(name)
    number = len(ensemble.classes)
    try:
        refined = {
            crf: PostProcess(crf).refine(image, probs, 1 if workers > 1 else None)
            for crf in {post.crf for post in posts}
        }
        labels = [post.finish(refined[post.crf], members) for post in posts]
        confusions = [confusion_matrices(x, true, number, sizes=SIZES) for x in labels]
        small = [count_small(label, true, max_area) for label in labels]
    except ValueError as error:
        raise DataError(f'{name}: {error}') from error
    return np.stack(confusions), np.array(small, np.int64)


def cross_validated(scores: Sequence[Score], folds: int = 5) -> tuple[float, float]:
    """Return the mIoU of the choice itself, free of the luck of the best of many.

    For each fifth of the images the best candidate at 256 on the rest is taken; the
    parts' confusion matrices are added.

    Args:
        scores: The candidates on the same images.
        folds: Number of parts, at least 2.

    Returns:
        Global mIoU at full size and at 256.
    """
    confusions = np.stack([score.confusions for score in scores])
    part = np.arange(confusions.shape[1]) % folds
    total = np.zeros_like(confusions[0, 0])
    for fold in range(folds):
        rest = confusions[:, part != fold, 1]
        best = int(np.argmax([miou_global(matrices) for matrices in rest]))
        total += confusions[best, part == fold].sum(axis=0)
    return miou_global(total[0]), miou_global(total[1])


def table(scores: Sequence[Score]) -> str:
    """Draw the candidates in Markdown, the best at 256 first."""
    keys = list(scores[0].options)
    head = [*keys, 'mIoU', 'mIoU at 256', 'small objects found', 'invented']
    lines = [head, ['---'] * len(keys) + ['---:'] * 4]
    for score in sorted(scores, key=lambda score: -score.miou_256):
        lines.append([
            *(_shown(score.options[key]) for key in keys),
            f'{100 * score.miou:.2f}',
            f'{100 * score.miou_256:.2f}',
            f'{100 * score.recall:.1f} %',
            str(score.invented),
        ])  # fmt: skip
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines) + '\n'


def _shown(value: Any) -> str:
    if value is None or value is False:
        return 'none'
    if isinstance(value, Mapping):
        return ', '.join(f'{key} {entry}' for key, entry in value.items())
    return 'default' if value is True else str(value)
