"""Matrix decomposition whose result does not change from call to call."""

import functools
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads.ham_head import NMF2D
from torch import Tensor

from .full_precision import full_precision


class SteadyNMF(NMF2D):
    """Non-negative matrix factorization of a map (Geng et al. 2021, arXiv:2109.04553).

    Differs from the parent in two ways. In evaluation the first bases come from a fixed
    seed and are the same for every image, so that a prediction depends on its image
    alone; the parent draws them anew in every call, as both do in training. Ratios of
    sums over all pixels are computed in float32 under mixed precision too.

    Args:
        args: The parent's numbers: ``MD_R`` bases, ``train_steps``, ``eval_steps``.
        seed: Of the bases in evaluation.
    """

    def __init__(self, args: dict[str, Any], seed: int = 0) -> None:
        super().__init__(args)
        self.seed = seed

    def _build_bases(
        self,
        batch: int,
        splits: int,
        channels: int,
        count: int,
        device: torch.device | None = None,
    ) -> Tensor:
        if self.training:
            bases: Tensor = super()._build_bases(batch, splits, channels, count, device)
            return bases
        drawn = _first_bases(self.seed, (splits, channels, count))
        return drawn.to(device).repeat(batch, 1, 1)

    def forward(self, x: Tensor, return_bases: bool = False) -> Tensor:
        """Replace a map by its approximation of low rank.

        Args:
            x: (B, C, H, W), at least 0.
            return_bases: Not used, as in the parent.

        Returns:
            The same shape and dtype, at least 0.
        """
        with full_precision(x):
            result: Tensor = super().forward(x.float())
        return result.to(x.dtype)


@functools.lru_cache(maxsize=8)
def _first_bases(seed: int, shape: tuple[int, int, int]) -> Tensor:
    """Draw bases on the CPU, the same for every device, once, not in every call."""
    with torch.inference_mode(False), torch.no_grad():
        generator = torch.Generator().manual_seed(seed)
        return F.normalize(torch.rand(shape, generator=generator), dim=1)
