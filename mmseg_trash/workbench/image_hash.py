"""Perceptual hashes: images that look alike differ in few bits."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 8


def difference_hash(grey: np.ndarray) -> int:
    """Hash an image by whether it gets brighter from left to right.

    N. Krawetz, "Kind of Like That", 2013 (dHash).

    Args:
        grey: (H, W).

    Returns:
        64 bits, the upper left one first.
    """
    small = _shrink(grey, SIDE + 1, SIDE)
    return _pack(small[:, 1:] > small[:, :-1])


def mirrored_hash(code: int) -> int:
    """Return the difference hash of the mirrored image; exact where no pixels tie."""
    bits = np.unpackbits(np.array([code], '>u8').view(np.uint8)).reshape(SIDE, SIDE)
    return _pack(bits[:, ::-1] == 0)


def frequency_hash(grey: np.ndarray) -> int:
    """Hash an image by the signs of its low frequencies (pHash).

    Args:
        grey: (H, W).

    Returns:
        64 bits: which of the 8 x 8 lowest coefficients of the discrete cosine transform
        of the image at 32 x 32 are above their median.
    """
    small = _shrink(grey, 4 * SIDE, 4 * SIDE).astype(np.float32)
    low = cv2.dct(small)[:SIDE, :SIDE]
    return _pack(low > np.median(low))


def near_pairs(codes: NDArray[np.uint64], distance: int) -> NDArray[np.int64]:
    """Find pairs of hashes that differ in few bits.

    Args:
        codes: (N,).
        distance: Bits by which they may differ.

    Returns:
        (K, 3): the two places, the smaller first, and the bits; sorted by places.
    """
    found = [np.zeros((0, 3), np.int64)]
    for start in range(0, len(codes), 256):
        block = codes[start : start + 256, None] ^ codes[None]
        bits = np.bitwise_count(block)
        one, other = np.nonzero(bits <= distance)
        later = other > one + start
        one, other = one[later], other[later]
        found.append(np.column_stack([one + start, other, bits[one, other]]))
    return np.concatenate(found).astype(np.int64)


def _shrink(grey: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def _pack(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), 'big')
