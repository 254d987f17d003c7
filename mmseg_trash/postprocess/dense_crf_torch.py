"""The fully connected CRF of `dense_crf` in tensor operations, for a batch."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .crf_params import CRFParams
from .permutohedral_torch import BatchLattice


@torch.no_grad()
def dense_crf_torch(
    probs: Tensor, images: Tensor, params: CRFParams | None = None
) -> Tensor:
    """Sharpen the probabilities of a batch on the device where they are.

    Equal to :func:`dense_crf` image by image, but for the order of sums. It needs no
    numba; on a CPU it takes several times as long.

    Args:
        probs: B x C x H x W floats in 0..1 that sum to 1 over the classes.
        images: B x H x W x 3 uint8, RGB, on the same device.
        params: The parameters; None takes the defaults.

    Returns:
        The marginals, B x C x H x W float32; they sum to 1 over the classes.

    Raises:
        ValueError: Shape, type or range of an input is wrong.
    """
    params = params or CRFParams()
    _check(probs, images)
    batch, classes, height, width = probs.shape
    with torch.autocast(probs.device.type, enabled=False):
        flat = probs.permute(0, 2, 3, 1).reshape(-1, classes)
        unary = flat.float().clamp(params.floor, 1).log()
        terms = _terms(images, params) if params.iterations else []
        q = unary.softmax(1)
        for _ in range(params.iterations):
            message = unary
            for weight, lattice, scale in terms:
                message = message + weight * scale * lattice.filter(q * scale)
            q = message.softmax(1)
    marginals = q.view(batch, height, width, classes).permute(0, 3, 1, 2)
    return marginals.contiguous()


def dense_crf_on(
    device: str | torch.device,
    probs: NDArray[np.floating],
    image: NDArray[np.uint8],
    params: CRFParams | None = None,
) -> NDArray[np.float32]:
    """Do what `dense_crf` does, C x H x W arrays in and out, on a device."""
    maps = torch.from_numpy(np.ascontiguousarray(probs)).to(device)[None]
    images = torch.from_numpy(np.ascontiguousarray(image)).to(device)[None]
    found = dense_crf_torch(maps, images, params)[0].cpu().numpy()
    return np.asarray(found, dtype=np.float32)


def _terms(
    images: Tensor, params: CRFParams
) -> list[tuple[float, BatchLattice, Tensor]]:
    """Build each kernel: weight, lattice, 1 / sqrt of its row sums (B*N x 1)."""
    batch, height, width = images.shape[:3]
    on: dict[str, Any] = dict(device=images.device, dtype=torch.float32)
    y, x = torch.meshgrid(
        torch.arange(height, **on), torch.arange(width, **on), indexing='ij'
    )
    # Tensors, for a GPU divides by a number in another way.
    wide, near, grey = torch.tensor(
        [params.bilateral_xy, params.smooth_xy, params.bilateral_rgb], **on
    )
    place = torch.stack([x, y], -1).view(1, -1, 2).expand(batch, -1, -1)
    features = []
    if params.smooth_weight:
        features.append((params.smooth_weight, place / near))
    if params.bilateral_weight:
        colour = images.reshape(batch, -1, 3).float() / grey
        both = torch.cat([place / wide, colour], -1)
        features.append((params.bilateral_weight, both))
    ones = torch.ones(batch * height * width, 1, device=images.device)
    terms = []
    for weight, feature in features:
        lattice = BatchLattice(feature)
        scale = (lattice.filter(ones) + 1e-20).rsqrt()
        terms.append((float(weight), lattice, scale))
    return terms


def _check(probs: Tensor, images: Tensor) -> None:
    if probs.ndim != 4 or probs.numel() == 0 or not probs.is_floating_point():
        raise ValueError(
            f'expected probabilities B x C x H x W, got {probs.dtype} '
            f'of shape {tuple(probs.shape)}'
        )
    low, high = float(probs.min()), float(probs.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise ValueError(f'probabilities run from {low} to {high}, not 0 to 1')
    expected = (len(probs), *probs.shape[2:], 3)
    if tuple(images.shape) != expected or images.dtype != torch.uint8:
        raise ValueError(
            f'expected images of uint8 of shape {expected}, got {images.dtype} '
            f'of shape {tuple(images.shape)}'
        )
