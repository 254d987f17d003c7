"""What each step of the post-processing does to the prediction of an image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from ..metainfo import IGNORE_INDEX
from ..metrics.confusion import confusion_matrix
from ..postprocess.clean_up import CleanUpParams
from ..postprocess.order import PostProcess
from .changes import AGAINST_TRUTH, change_kinds
from .viewer import to_size

Labels = NDArray[np.uint8]
Counts = NDArray[np.int64]
START = 'argmax'
"""Name of what the first step starts from."""


@dataclass(frozen=True)
class StepResult:
    """What a step made of an image.

    Attributes:
        name: `START`, ``CRF``, ``write-back`` or ``clean-up``.
        label: (H, W) after it.
        transitions: (C, C) pixels by class before and after it; those of `START` did
            not change.
        marks: (H, W) of `changes.change_kinds`: what it changed, and how.
        kinds: Its pixels by `changes.AGAINST_TRUTH`; all 0 without truth.
        matrix: (C, C) pixels by true and predicted class after it; None without truth.
    """

    name: str
    label: Labels
    transitions: Counts
    marks: Labels
    kinds: tuple[int, int, int]
    matrix: Counts | None

    @property
    def changed(self) -> int:
        """How many pixels got another class."""
        return int(self.transitions.sum() - np.trace(self.transitions))

    def pairs(self) -> list[tuple[int, int, int]]:
        """Return class before, class after and pixels that changed so, most first."""
        found = [
            (int(a), int(b), int(self.transitions[a, b]))
            for a, b in np.argwhere(self.transitions)
            if a != b
        ]
        return sorted(found, key=lambda entry: -entry[2])


def post_steps(
    post: PostProcess,
    image: NDArray[np.uint8] | None,
    probs: NDArray[np.floating],
    members: Sequence[NDArray[np.integer]],
    truth: Labels | None = None,
) -> list[StepResult]:
    """Do the post-processing step by step.

    Args:
        post: The steps; its ``size`` must be None.
        image: H x W x 3 uint8, RGB; None will do without a CRF.
        probs: C x H x W, the ensemble's mean.
        members: H x W each, the members' label maps.
        truth: The image's true label map, of any size; None where it is not known.

    Returns:
        `START` and the steps that are switched on. The last label map is what ``post``
        makes of the same input.

    Raises:
        ConfigError: The CRF's numba is not installed, or the result is resized.
        DataError: The inputs do not fit together.
    """
    if post.size is not None:
        raise ConfigError(f'postprocess.size: expected none, got {post.size}')
    try:
        maps = _maps(post, image, probs, members)
    except ImportError as error:
        raise ConfigError(str(error)) from error
    except ValueError as error:
        raise DataError(f'post-processing: {error}') from error
    if truth is not None:
        truth = to_size(truth, probs.shape[1:])
    before = maps[0][1]
    found = []
    for name, after in maps:
        found.append(_compare(name, before, after, len(probs), truth))
        before = after
    return found


def _maps(
    post: PostProcess, image: Any, probs: Any, members: Any
) -> list[tuple[str, Labels]]:
    plain = PostProcess()
    found = [(START, plain(None, probs))]
    refined = probs
    if post.crf:
        refined = post.refine(image, probs)
        found.append(('CRF', plain.finish(refined)))
    if post.write_back:
        back = replace(post, clean_up=CleanUpParams())
        found.append(('write-back', back.finish(refined, members)))
    if post.clean_up != CleanUpParams():
        found.append(('clean-up', post.finish(refined, members)))
    return found


def _compare(
    name: str, before: Labels, after: Labels, classes: int, truth: Labels | None
) -> StepResult:
    # No label is ignored, so that all pixels count.
    transitions = confusion_matrix(after, before, classes, IGNORE_INDEX)
    marks = change_kinds(before, after, truth)
    kinds, matrix = (0, 0, 0), None
    if truth is not None:
        matrix = confusion_matrix(after, truth, classes, IGNORE_INDEX)
        numbers = np.bincount(marks.ravel(), minlength=len(AGAINST_TRUTH) + 1)
        kinds = (int(numbers[1]), int(numbers[2]), int(numbers[3]))
    return StepResult(name, after, transitions, marks, kinds, matrix)
