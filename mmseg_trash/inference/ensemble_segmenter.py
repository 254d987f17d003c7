"""An ensemble that predicts photographs one by one."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from ..postprocess.order import PostProcess
from .ensemble import combine_members, factors, read_recipe
from .segmenter import Picture, Probs, TorchSegmenter


class EnsembleSegmenter:
    """The members of a recipe of ``tools/ensemble.py``, all in memory.

    Its post-processing runs too, but for the submission's size.

    Args:
        path: The recipe; its members are configs with checkpoints.
        device: Of all members.
        trusted: Allow pickled objects in the checkpoints.

    Raises:
        ConfigError: A member is a store, which knows its own images alone, or the
            members differ in their classes.
    """

    def __init__(
        self, path: str | os.PathLike[str], device: str = 'auto', trusted: bool = False
    ) -> None:
        recipe = read_recipe(path)
        self._recipe = recipe
        self._members: list[TorchSegmenter] = []
        for number, member in enumerate(recipe.members):
            if member.config is None or member.checkpoint is None:
                raise ConfigError(
                    f'{path}: members[{number}]: a store knows its own images alone; '
                    'expected config and checkpoint'
                )
            options: dict[str, Any] = dict(
                tta=member.tta,
                trusted=trusted,
                window=member.window,
                overlap=member.overlap,
                dtype=member.dtype,
            )
            self._members.append(
                TorchSegmenter(member.config, member.checkpoint, device, **options)
            )
        self.classes = self._members[0].classes
        self.palette = self._members[0].palette
        for number, found in enumerate(self._members):
            if found.classes != self.classes:
                raise ConfigError(f'{path}: members[{number}]: has other classes')
        steps = {k: v for k, v in recipe.postprocess.items() if k != 'size'}
        self._after = PostProcess.from_dict(steps, self.classes)
        self._weights = [factors(member, self.classes) for member in recipe.members]

    def predict(self, image: Picture) -> tuple[NDArray[np.uint8], Probs | None]:
        """Predict, see :class:`Segmenter`; the steps after are the recipe's."""
        found = [member.predict(image)[1] for member in self._members]
        streams = [[('', probs)] for probs in found if probs is not None]
        (all_,) = combine_members(streams, self._weights, self._recipe.rule)
        if all_.probs is None:
            return self._after.finish_label(all_.label, all_.members), None
        return self._after(image, all_.probs, all_.members), all_.probs
