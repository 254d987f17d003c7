"""Sines and cosines for the places of tokens and of boxes."""

import math

import torch
from torch import Tensor

TEMPERATURE = 10000.0


def sine(places: Tensor, channels: int) -> Tensor:
    """Encode numbers as sines and cosines of growing wavelength, interleaved.

    Vaswani et al. 2017 (arXiv:1706.03762, section 3.5), with angles of 2 pi times the
    number, as in DETR.

    Args:
        places: Any shape, float, about 0 to 1.
        channels: Length of each code, even.

    Returns:
        (..., channels), float32.
    """
    pair = torch.arange(channels // 2, device=places.device, dtype=torch.float32)
    angles = places[..., None] * 2 * math.pi / TEMPERATURE ** (2 * pair / channels)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)


def map_positions(
    height: int, width: int, channels: int, device: torch.device
) -> Tensor:
    """Encode every pixel of a map, y in the first half of the channels.

    Args:
        height, width: Size of the map.
        channels: Length of each code, a multiple of 4.
        device: Where to make them.

    Returns:
        (height * width, channels), float32, row by row.
    """
    codes = []
    for size in (height, width):
        # DETR counts from 1 to the size and divides by the size.
        place = torch.arange(1, size + 1, device=device, dtype=torch.float32)
        codes.append(sine(place / (size + 1e-6), channels // 2))
    rows = codes[0][:, None].expand(-1, width, -1)
    columns = codes[1].expand(height, -1, -1)
    return torch.cat([rows, columns], -1).flatten(0, 1)


def box_positions(boxes: Tensor, channels: int) -> Tensor:
    """Encode boxes (DAB-DETR, Liu et al. 2022, arXiv:2201.12329, section 4.2).

    Args:
        boxes: (centre x, centre y, width, height) from 0 to 1, (..., 4).
        channels: Length of each number's code, even.

    Returns:
        (..., 4 * channels), in the order y, x, width, height.
    """
    x, y, width, height = boxes.unbind(-1)
    return torch.cat([sine(v, channels) for v in (y, x, width, height)], -1)
