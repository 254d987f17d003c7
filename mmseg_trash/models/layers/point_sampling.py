"""Compare masks at points instead of everywhere (PointRend's sampling)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sample_points(maps: Tensor, points: Tensor) -> Tensor:
    """Read maps at points, bilinear between pixels and zero outside.

    Args:
        maps: (N, H, W), floating point.
        points: (x, y) from 0 to 1 from border to border, (N, P, 2), or (P, 2) when all
            maps share them.

    Returns:
        (N, P).
    """
    if points.dim() == 2:
        grid = (2 * points - 1)[None, None]
        return F.grid_sample(maps[None], grid, align_corners=False)[0, :, 0]
    grid = (2 * points - 1)[:, None]
    return F.grid_sample(maps[:, None], grid, align_corners=False)[:, 0, 0]


@torch.no_grad()
def uncertain_points(
    logits: Tensor, num_points: int, oversample: float = 3.0, share: float = 0.75
) -> Tensor:
    """Draw points, most of them where masks are undecided.

    PointRend (Kirillov et al. 2020, arXiv:1912.08193, section 3.1, training): of
    ``oversample`` times as many uniform points the ones nearest to logit 0, and uniform
    ones for the rest.

    Args:
        logits: Mask logits, (N, H, W).
        num_points: Number of points for each mask.
        oversample: How many times as many are drawn, at least 1.
        share: Share of the points that are picked by their uncertainty, 0 to 1.

    Returns:
        (x, y) from 0 to 1, (N, num_points, 2).
    """
    count, drawn = len(logits), int(num_points * oversample)
    points = torch.rand(count, drawn, 2, device=logits.device)
    doubt = -sample_points(logits.float(), points).abs()
    picked = doubt.topk(int(share * num_points), dim=1).indices
    points = points.gather(1, picked[..., None].expand(-1, -1, 2))
    rest = num_points - picked.shape[1]
    return torch.cat([points, torch.rand(count, rest, 2, device=logits.device)], dim=1)
