"""Boxes: their forms, their overlap, and boxes around masks."""

import torch
from torch import Tensor


def inverse_sigmoid(x: Tensor, eps: float = 1e-5) -> Tensor:
    """Return the logit of numbers from 0 to 1, finite at both ends.

    Args:
        x: Any shape; clamped to 0 to 1.
        eps: The least that x and 1 - x count for.
    """
    x = x.clamp(0, 1)
    return torch.log(x.clamp(min=eps) / (1 - x).clamp(min=eps))


def corners(boxes: Tensor) -> Tensor:
    """Turn (centre x, centre y, width, height) into (x1, y1, x2, y2), (..., 4)."""
    centre, size = boxes.split(2, dim=-1)
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def centres(boxes: Tensor) -> Tensor:
    """Turn (x1, y1, x2, y2) into (centre x, centre y, width, height), (..., 4)."""
    low, high = boxes.split(2, dim=-1)
    return torch.cat([(low + high) / 2, high - low], -1)


def generalized_iou(one: Tensor, other: Tensor) -> Tensor:
    """Return the generalised intersection over union (Rezatofighi et al. 2019).

    Args:
        one: Corners (x1, y1, x2, y2), (..., 4).
        other: The same, of a shape that broadcasts with ``one``'s.

    Returns:
        From -1 (far apart) to 1 (equal), (...).
    """
    low, high = one.split(2, dim=-1)
    low2, high2 = other.split(2, dim=-1)

    def area(smaller: Tensor, greater: Tensor) -> Tensor:
        return (greater - smaller).clamp(min=0).prod(-1)

    shared = area(torch.maximum(low, low2), torch.minimum(high, high2))
    union = area(low, high) + area(low2, high2) - shared
    hull = area(torch.minimum(low, low2), torch.maximum(high, high2))
    tiny = torch.finfo(one.dtype).tiny
    return shared / union.clamp(min=tiny) - (hull - union) / hull.clamp(min=tiny)


def mask_boxes(masks: Tensor) -> Tensor:
    """Return the boxes around masks, as shares of the width and the height.

    Args:
        masks: (..., H, W), bool.

    Returns:
        (centre x, centre y, width, height) from 0 to 1 from border to border of the
        map, (..., 4) float32; zeros for an empty mask.
    """
    sides = []
    for hit in (masks.any(-2), masks.any(-1)):
        size = hit.shape[-1]
        place = torch.arange(size, device=masks.device)
        low = torch.where(hit, place, size).amin(-1)
        high = torch.where(hit, place + 1, 0).amax(-1)
        sides.append((torch.where(high > 0, low, 0) / size, high / size))
    (left, right), (top, bottom) = sides
    return centres(torch.stack([left, top, right, bottom], -1).float())
