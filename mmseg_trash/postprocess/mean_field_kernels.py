"""The compiled loop of the mean field, one for each number of channels; needs numba."""

from collections.abc import Callable
from functools import cache

import numpy as np

from .lattice_kernels import Floats, Ints, compiled

Update = Callable[..., None]
Blur = Callable[[Floats, Floats, Ints, int, int], None]


@compiled(fastmath=True)
def exp(x: float) -> float:
    """Return e to a power that is at most 0, within 3e-7 of its value.

    A polynomial on [-1/2, 1/2] for the binary fraction, its exponent put in place as
    bits: unlike the library's function it runs on many channels at once.
    """
    scaled = np.float32(np.maximum(x, np.float32(-87)) * np.float32(1.4426950408889634))
    whole = np.floor(scaled + np.float32(0.5))
    part = scaled - whole
    power = np.float32(1.5403530393381606e-4)
    power = power * part + np.float32(1.3333558146428443e-3)
    power = power * part + np.float32(9.6181291076284772e-3)
    power = power * part + np.float32(5.5504108664821580e-2)
    power = power * part + np.float32(2.4022650695910072e-1)
    power = power * part + np.float32(6.9314718055994531e-1)
    power = power * part + np.float32(1)
    return power * np.int32((np.int32(whole) + np.int32(127)) << 23).view(np.float32)


@cache
def update_of(channels: int) -> Update:
    """Compile the update for a number of channels.

    Args:
        channels: Number of classes, filled up to a multiple of 4, so that the inner
            loops have a length that the compiler knows.

    Returns:
        The function below.
    """

    @compiled(fastmath=True)
    def update(
        unary: Floats,
        index: Ints,
        weight: Floats,
        gain: Floats,
        rows: Floats,
        start: int,
        stop: int,
        splat: bool,
        target: Floats,
    ) -> None:
        """Read the messages of some pixels, normalise, and hand the result on at once.

        Args:
            unary: N x C, log probabilities.
            index: N x K rows, the corners of all kernels' simplices side by side.
            weight: N x K, barycentric, times the pixel's normalisation.
            gain: K factors of the messages; empty leaves them out.
            rows: (M + 1) x C, the blurred lattices.
            start: The first pixel to do.
            stop: The pixel behind the last.
            splat: Share the result among the rows of ``target`` instead of writing it
                there.
            target: (M + 1) x C or N x C.
        """
        q = np.empty(channels, np.float32)
        for p in range(start, stop):
            for c in range(channels):
                q[c] = unary[p, c]
            for k in range(len(gain)):
                row = index[p, k]
                share = weight[p, k] * gain[k]
                for c in range(channels):
                    q[c] += share * rows[row, c]
            top = q[0]
            for c in range(1, channels):
                top = max(top, q[c])
            for c in range(channels):
                q[c] = exp(q[c] - top)
            total = np.float32(0)
            for c in range(channels):
                total += q[c]
            total = np.float32(1) / total
            if splat:
                for k in range(index.shape[1]):
                    row = index[p, k]
                    share = weight[p, k] * total
                    for c in range(channels):
                        target[row, c] += share * q[c]
            else:
                for c in range(channels):
                    target[p, c] = q[c] * total

    return update  # type: ignore[no-any-return]


@cache
def blur_of(channels: int) -> Blur:
    """Compile the blur along one axis for a number of channels.

    Args:
        channels: See `update_of`.

    Returns:
        A function that adds half of both neighbours to the rows ``start`` to ``stop``
        of ``old``, (M + 1) x C, of which row 0 is zero, and writes them to ``new``;
        ``near`` is (M + 1) x 2.
    """

    @compiled(fastmath=True)
    def blur(old: Floats, new: Floats, near: Ints, start: int, stop: int) -> None:
        half = np.float32(0.5)
        for row in range(start, stop):
            left = near[row, 0]
            right = near[row, 1]
            for c in range(channels):
                new[row, c] = old[row, c] + half * (old[left, c] + old[right, c])

    return blur  # type: ignore[no-any-return]


@compiled(fastmath=True)
def merge(parts: Floats, start: int, stop: int) -> None:
    """Add some rows of the strips' lattices, S x (M + 1) x C, into the first one."""
    for strip in range(1, len(parts)):
        for row in range(start, stop):
            for c in range(parts.shape[2]):
                parts[0, row, c] += parts[strip, row, c]
