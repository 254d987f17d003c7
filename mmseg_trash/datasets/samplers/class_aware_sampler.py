"""ClassAwareSampler: a class first, then an image with one of its objects."""

from typing import Any

import numpy as np
import torch
from mmseg.registry import DATA_SAMPLERS

from ...errors import ConfigError, DataError
from .endless_sampler import EndlessSampler


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(EndlessSampler):
    """Draw a class, then an image by the objects of this class that it holds.

    After Shen et al., "Relay Backpropagation for Effective Learning of Deep
    Convolutional Neural Networks", ECCV 2016, arXiv:1512.05830, section 4.1, with
    objects instead of image labels. The objects of each class are dealt in random order
    and all of them once before they are shuffled again, so an image with ten bottles
    comes up ten times as often for "bottle" as one with a single bottle. A pass is as
    many draws as the data set has images. Images without objects are never drawn.

    Args:
        dataset: Needs ``instance_index``, as ``TrashDataset`` has it.
        power: With n objects of a class it is drawn in proportion to n^(1 - power):
            1 draws all classes evenly, 0 all objects, .5 lies between.
        seed: See :class:`EndlessSampler`.
        shuffle: See :class:`EndlessSampler`.

    Raises:
        ValueError: ``power`` is outside [0, 1].
        ConfigError: The data set cannot tell its objects.
        DataError: It has none.
    """

    def __init__(
        self,
        dataset: Any,
        power: float = 1.0,
        seed: int | None = None,
        shuffle: bool = True,
    ) -> None:
        if not 0 <= power <= 1:
            raise ValueError(f'power must be in [0, 1], got {power}')
        super().__init__(dataset, seed, shuffle)
        if not hasattr(dataset, 'instance_index'):
            raise ConfigError(
                f'ClassAwareSampler needs a data set with instance_index, got '
                f'{type(dataset).__name__}'
            )
        index = dataset.instance_index()
        labels = np.asarray(index.label, np.int64)
        if not len(labels):
            raise DataError('ClassAwareSampler: the data set has no objects')
        images = torch.from_numpy(np.array(index.image, np.int64))
        self.classes = np.unique(labels)
        self._images = [images[torch.from_numpy(labels == c)] for c in self.classes]
        counts = torch.tensor([len(held) for held in self._images], dtype=torch.float64)
        self.chances = counts ** (1 - power)

    def begin(self) -> None:
        """Start all classes anew."""
        self._dealt: dict[int, list[int]] = {}

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Draw as many indices as there are images."""
        drawn = torch.multinomial(
            self.chances, len(self), replacement=True, generator=generator
        )
        return [self._deal(k, generator) for k in drawn.tolist()]

    def _deal(self, number: int, generator: torch.Generator) -> int:
        """Return the image of the next object of a class."""
        left = self._dealt.get(number)
        if not left:
            images = self._images[number]
            order = torch.randperm(len(images), generator=generator)
            left = self._dealt[number] = images[order].tolist()
        return left.pop()
