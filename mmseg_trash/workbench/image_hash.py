"""Perceptual hashes: images that look alike differ in few bits."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 8
_BLOCK = 256


def difference_hash(grey: np.ndarray) -> int:
    """Hash an image by whether it gets brighter from left to right (dHash).

    N. Krawetz, "Kind of Like That", 2013.

    Args:
        grey: (H, W) uint8.

    Returns:
        64 bits, the upper left one first.
    """
    picture = Image.fromarray(np.asarray(grey, np.uint8))
    small = np.asarray(picture.resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS))
    bits = small[:, 1:] > small[:, :-1]
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), 'big')


def near_pairs(codes: NDArray[np.uint64], distance: int) -> NDArray[np.int64]:
    """Find pairs of hashes that differ in few bits.

    Args:
        codes: (N,).
        distance: Bits by which they may differ.

    Returns:
        (K, 3): the two places, the smaller first, and the bits; sorted by places.
    """
    found = [np.zeros((0, 3), np.int64)]
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK, None] ^ codes[None]
        bits = np.bitwise_count(block)
        one, other = np.nonzero(bits <= distance)
        later = other > one + start
        one, other = one[later], other[later]
        found.append(np.column_stack([one + start, other, bits[one, other]]))
    return np.concatenate(found).astype(np.int64)
