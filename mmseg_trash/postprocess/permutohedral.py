"""Gaussian filters in few dimensions on the permutohedral lattice (Adams et al. 2010).

Every feature vector lies in one simplex of the lattice; its value is shared among the
d + 1 corners, the lattice is blurred along its d + 1 axes, and the pixels read the
result back. The cost is linear in the number of pixels, whatever the filter's width.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


def load_kernels() -> Any:
    """Import the compiled loops.

    Raises:
        ImportError: numba is not installed.
    """
    try:
        from . import lattice_kernels
    except ModuleNotFoundError as error:
        if error.name != 'numba':
            raise
        raise ImportError(
            'DenseCRF needs numba: pip install "mmseg_trash[optional]"'
        ) from error
    return lattice_kernels


@dataclass(frozen=True)
class Lattice:
    """The lattice points near some pixels.

    Attributes:
        index: N x (d + 1) int32, the rows of each pixel's corners, 1..M.
        weight: N x (d + 1) float32, their barycentric weights; they sum to 1.
        near: (d + 1) x (M + 1) x 2 int32, each row's neighbours along each axis, 0
            where there is none.
    """

    index: Ints
    weight: Floats
    near: Ints

    @property
    def size(self) -> int:
        """Return the number of points M."""
        return self.near.shape[1] - 1

    @property
    def gain(self) -> float:
        """Return the factor that undoes what blurring along all axes adds up to."""
        return 1 / (1 + 2.0 ** -(self.index.shape[1] - 1))

    def filter(self, values: Floats) -> Floats:
        """Weight the values of all pixels by a Gaussian of their features' distance.

        Args:
            values: N x C float32.

        Returns:
            N x C float32; the kernel is about 1 at distance 0.
        """
        kernels = load_kernels()
        values = np.ascontiguousarray(values, dtype=np.float32)
        rows = np.zeros((self.size + 1, values.shape[1]), np.float32)
        spare = np.zeros_like(rows)
        kernels.splat(self.index, self.weight, values, rows)
        for near in self.near:
            kernels.blur(rows, spare, near, 1, self.size + 1)
            rows, spare = spare, rows
        rows *= np.float32(self.gain)
        result = np.zeros_like(values)
        kernels.gather(self.index, self.weight, rows, result)
        return result


def build_lattice(features: Floats) -> Lattice:
    """Lay a lattice under feature vectors.

    Args:
        features: N x d float32, each divided by the filter's standard deviation.

    Returns:
        The lattice.

    Raises:
        ImportError: numba is not installed.
        ValueError: The features are empty or not finite, or span so many standard
            deviations that the points cannot be numbered.
    """
    features = np.ascontiguousarray(features, dtype=np.float32)
    if features.ndim != 2 or features.size == 0:
        raise ValueError(f'expected features N x d, got shape {features.shape}')
    if not np.isfinite(features).all():
        raise ValueError('features must be finite')
    kernels = load_kernels()
    pixels, d = features.shape
    place = np.arange(d)
    # The standard deviation of the blur, in units of the lattice.
    width = np.sqrt(2 / 3) * (d + 1)
    scale = (width / np.sqrt((place + 1) * (place + 2))).astype(np.float32)
    corner, rank, index = (np.empty((pixels, d + 1), np.int32) for _ in range(3))
    weight = np.empty((pixels, d + 1), np.float32)
    kernels.embed(features, 0, pixels, scale, corner, rank, weight)
    # Room for the other corners of a simplex and for their neighbours.
    low = corner[:, :d].min(axis=0).astype(np.int64) - 2 * (d + 1)
    span = corner[:, :d].max(axis=0).astype(np.int64) + 2 * (d + 1) - low + 1
    if np.log2(span.astype(np.float64)).sum() > 62:
        raise ValueError(
            f'features span too many standard deviations: {np.ptp(features, axis=0)}'
        )
    base = np.concatenate([np.cumprod(span[:0:-1])[::-1], [1]]).astype(np.int64)
    codes, rows, order = kernels.number(corner, rank, low, base, index)
    near = np.zeros((d + 1, len(order), 2), np.int32)
    kernels.link(codes, rows, order, base, near)
    return Lattice(index, weight, near)
