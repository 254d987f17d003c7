"""RepeatFactorSampler: images with rare classes more than once in a pass."""

from typing import Any

import numpy as np
import torch
from mmseg.registry import DATA_SAMPLERS

from ...errors import ConfigError
from .endless_sampler import EndlessSampler


def repeat_factors(present: np.ndarray, threshold: float) -> np.ndarray:
    """Return how often each image belongs in a pass.

    Gupta et al., "LVIS", CVPR 2019, arXiv:1908.03195, appendix B.2: with f(c) the share
    of the images that show class c, r(c) = max(1, sqrt(threshold / f(c))), and an image
    takes the largest r of its classes.

    Args:
        present: bool, (N, C), whether image n shows class c.
        threshold: Share of the images below which a class is repeated.

    Returns:
        float64, (N,), at least 1; 1 for images that show nothing.
    """
    share = present.mean(axis=0)
    with np.errstate(divide='ignore'):
        factors = np.maximum(1, np.sqrt(threshold / share))
    return np.where(present, factors, 1).max(axis=1, initial=1)


@DATA_SAMPLERS.register_module()
class RepeatFactorSampler(EndlessSampler):
    """Show images with rare classes more often.

    A pass holds each image floor(r) times, or once more with probability r - floor(r),
    in random order; r is its factor, see :func:`repeat_factors`. Different from
    mmengine's ``ClassBalancedDataset`` the fraction is not rounded up, and the data set
    stays as it is.

    Args:
        dataset: Needs ``get_cat_ids``, as ``TrashDataset`` has it.
        threshold: Share of the images below which a class is repeated; LVIS has .001
            for 1230 classes.
        seed: See :class:`EndlessSampler`.
        shuffle: See :class:`EndlessSampler`.

    Raises:
        ValueError: ``threshold`` is outside (0, 1].
        ConfigError: The data set cannot tell the classes of an image.
    """

    def __init__(
        self,
        dataset: Any,
        threshold: float = 0.1,
        seed: int | None = None,
        shuffle: bool = True,
    ) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f'threshold must be in (0, 1], got {threshold}')
        super().__init__(dataset, seed, shuffle)
        if not hasattr(dataset, 'get_cat_ids'):
            raise ConfigError(
                f'RepeatFactorSampler needs a data set with get_cat_ids, got '
                f'{type(dataset).__name__}'
            )
        present = np.zeros((len(dataset), len(dataset.metainfo['classes'])), bool)
        for index in range(len(dataset)):
            present[index, list(dataset.get_cat_ids(index))] = True
        self.factors = torch.from_numpy(repeat_factors(present, threshold))

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Draw the indices of one pass."""
        floor = self.factors.floor()
        chance = torch.rand(len(floor), generator=generator, dtype=torch.float64)
        times = (floor + (chance < self.factors - floor)).long()
        indices = torch.repeat_interleave(torch.arange(len(times)), times)
        return indices[torch.randperm(len(indices), generator=generator)].tolist()
