"""The encoder's proposals, from which a two-stage decoder starts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .mask_dino_encoder import pixel_centres

BASE_SIZE = 0.05
"""Side of the first map's boxes; each next map's are twice as large."""


def proposal_boxes(
    shapes: Sequence[tuple[int, int]], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Place one box on every token (Deformable DETR, Zhu et al. 2021, section 4.2).

    Args:
        shapes: Height and width of each map.
        device: Where to make them.

    Returns:
        Boxes (centre x, centre y, width, height) before the sigmoid, infinite where
        they are not valid, (N, 4); and which ones are, (N,) bool: those that lie
        between .01 and .99 in all four numbers.
    """
    boxes = []
    for level, (height, width) in enumerate(shapes):
        centres = pixel_centres(height, width, device)
        boxes.append(
            torch.cat([centres, torch.full_like(centres, BASE_SIZE * 2.0**level)], -1)
        )
    places = torch.cat(boxes)
    valid = ((places > 0.01) & (places < 0.99)).all(-1)
    logits = torch.log(places / (1 - places))
    return logits.masked_fill(~valid[:, None], float('inf')), valid


def pick(tensor: Tensor, places: Tensor) -> Tensor:
    """Return tensor[b, places[b, q]] for every image b and query q.

    Args:
        tensor: (B, N, C).
        places: (B, Q), int64.
    """
    return tensor.gather(1, places[..., None].expand(-1, -1, tensor.shape[-1]))
