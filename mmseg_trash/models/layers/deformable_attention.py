"""The sampling step of multi-scale deformable attention."""

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


@functools.lru_cache(maxsize=1)
def compiled_operator() -> Any:
    """Return mmcv's compiled operator, or None where mmcv came without it."""
    try:
        return importlib.import_module('mmcv.ops').MultiScaleDeformableAttnFunction
    except (ImportError, AttributeError):
        return None


def deformable_attention(
    value: Tensor,
    shapes: Sequence[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
) -> Tensor:
    """Sample several maps at given places and add the samples up by their weights.

    Deformable DETR (Zhu et al. 2021, arXiv:2010.04159), eq. 3, without its linear maps.
    On a GPU mmcv's compiled operator is used where it is installed.

    Args:
        value: The tokens of all maps in a row, (B, sum of H * W, heads, C).
        shapes: Height and width of each of the L maps.
        locations: (x, y) of each sample, 0 to 1 from border to border of a map,
            (B, N, heads, L, P, 2); bilinear between pixels, zero outside.
        weights: Weight of each sample, (B, N, heads, L, P).

    Returns:
        (B, N, heads * C), in the type of ``value``.
    """
    operator = compiled_operator() if value.is_cuda else None
    if operator is not None:
        sizes = torch.as_tensor(shapes, dtype=torch.long, device=value.device)
        starts = torch.cat((sizes.new_zeros(1), sizes.prod(1).cumsum(0)[:-1]))
        tensors = (value.contiguous(), sizes, starts, locations.contiguous())
        out: Tensor = operator.apply(*tensors, weights.contiguous(), value.shape[0])
        return out
    batch, queries, heads = locations.shape[:3]
    maps = value.split([height * width for height, width in shapes], dim=1)
    # (B, N, heads, L, P) -> (B * heads, 1, N, L, P), and the places likewise
    scores = weights.transpose(1, 2).flatten(0, 1).unsqueeze(1)
    grid = (2 * locations - 1).transpose(1, 2).flatten(0, 1)
    total: Tensor | None = None
    for level, (height, width) in enumerate(shapes):
        image = (
            maps[level].permute(0, 2, 3, 1).reshape(batch * heads, -1, height, width)
        )
        samples = F.grid_sample(image, grid[:, :, level], align_corners=False)
        part = (samples * scores[..., level, :]).sum(-1)
        total = part if total is None else total + part
    assert total is not None
    return total.reshape(batch, -1, queries).transpose(1, 2)
