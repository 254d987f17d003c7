"""Fully connected CRF by mean field (Krähenbühl and Koltun 2011), on the CPU."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import as_label, check_image, check_probs
from .crf_params import CRFParams
from .permutohedral import Lattice, build_lattice, load_kernels

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Each = Callable[[Callable[[int], Any], Iterable[int]], Any]

STRIPS = 4
"""Parts of an image that fill lattices of their own, whatever the number of threads."""

_LANES = 4


def dense_crf(
    probs: NDArray[np.floating],
    image: NDArray[np.uint8],
    params: CRFParams | None = None,
    threads: int | None = None,
) -> Floats:
    """Sharpen probabilities along the edges of the image.

    The energy is that of the paper with a Potts model. The unary term is -log p; the
    kernels are filtered on the permutohedral lattice and normalised symmetrically; a
    pixel's message to itself stays in. All this is pydensecrf's default.

    The result does not depend on the number of threads. Beside input and output the
    call holds two to three copies of the probabilities and 72 bytes per pixel, and up
    to as much again for the lattices.

    Args:
        probs: C x H x W, floats in 0..1 that sum to 1 over the classes.
        image: H x W x 3 uint8, RGB.
        params: The parameters; None takes the defaults.
        threads: Threads to run, of which at most `STRIPS` find work; None takes
            ``OMP_NUM_THREADS``, or else the cores of this process.

    Returns:
        The marginals, C x H x W float32; they sum to 1 over the classes.

    Raises:
        ImportError: numba is not installed.
        ValueError: Shape, type or range of an input is wrong, or ``threads`` below 1.
    """
    params = params or CRFParams()
    check_probs(probs)
    check_image(image, probs.shape[1:])
    if threads is not None and threads < 1:
        raise ValueError(f'threads must be at least 1, got {threads}')
    load_kernels()
    classes, pixels = len(probs), probs[0].size
    # Channels that only fill up are so unlikely that they come out as 0.
    unary = np.full((pixels, -(-classes // _LANES) * _LANES), np.float32(-1e4))
    unary[:, :classes] = probs.reshape(classes, pixels).T
    real = unary[:, :classes]
    np.log(np.clip(real, params.floor, 1, out=real), out=real)
    with ExitStack() as stack:
        each = _team(stack, min(threads or _cores(), STRIPS))
        marginals = _mean_field(unary, image, params, each)
    return np.ascontiguousarray(marginals[:, :classes].T).reshape(probs.shape)


def probs_from_labels(
    label: NDArray[np.integer], num_classes: int, confidence: float = 0.7
) -> Floats:
    """Give hard labels probabilities, for a CRF over what is a label map alone.

    Args:
        label: H x W integers in ``0..num_classes - 1``.
        num_classes: Number of classes C, at least 2.
        confidence: Probability of each pixel's label, between 1 / C and 1.

    Returns:
        C x H x W float32; the other classes share what is left.

    Raises:
        ValueError: A label or an argument is out of range.
    """
    label = as_label(label)
    if num_classes < 2 or not 1 / num_classes < confidence < 1:
        raise ValueError(
            f'confidence must lie between 1/{num_classes} and 1, got {confidence}'
        )
    if int(label.max()) >= num_classes:
        raise ValueError(f'label {label.max()} is out of 0..{num_classes - 1}')
    rest = (1 - confidence) / (num_classes - 1)
    chosen = np.arange(num_classes)[:, None, None] == label
    return np.where(chosen, np.float32(confidence), np.float32(rest))


def _mean_field(
    unary: Floats, image: NDArray[np.uint8], params: CRFParams, each: Each
) -> Floats:
    """Iterate on log probabilities, N x C; return the marginals, N x C."""
    from .mean_field_kernels import blur_of, merge, update_of

    pixels, channels = unary.shape
    update, blur = update_of(channels), blur_of(channels)
    result = np.empty_like(unary)
    terms = _terms(image, params) if params.iterations else []
    if not terms:
        update(unary, *_NO_TERMS, unary, 0, pixels, False, result)
        return result
    index, weight, gain, near = _joined(terms)
    size = near.shape[1]
    # Lattices so large that copies would outgrow the probabilities get none.
    strips = min(STRIPS, max(1, pixels // size))
    cuts = [pixels * k // strips for k in range(strips + 1)]
    ends = [1 + (size - 1) * k // STRIPS for k in range(STRIPS + 1)]
    parts = np.empty((strips, size, channels), np.float32)
    spare = np.zeros((2, size, channels), np.float32)
    rows = spare[0]
    messages = gain[:0]

    def fill(k: int) -> None:
        parts[k] = 0
        update(
            unary, index, weight, messages, rows, cuts[k], cuts[k + 1], True, parts[k]
        )

    def read(k: int) -> None:
        update(
            unary, index, weight, messages, rows, cuts[k], cuts[k + 1], False, result
        )

    def smooth(source: Floats, sink: Floats, axis: Ints, k: int) -> None:
        blur(source, sink, axis, ends[k], ends[k + 1])

    for _ in range(params.iterations):
        each(fill, range(strips))
        if strips > 1:
            each(lambda k: merge(parts, ends[k], ends[k + 1]), range(STRIPS))
        rows = parts[0]
        for step, axis in enumerate(near):
            sink = spare[step % 2]
            each(partial(smooth, rows, sink, axis), range(STRIPS))
            rows = sink
        messages = gain
    each(read, range(strips))
    return result


_NO_TERMS = (
    np.zeros((0, 0), np.int32),
    np.zeros((0, 0), np.float32),
    np.zeros(0, np.float32),
)


def _terms(
    image: NDArray[np.uint8], params: CRFParams
) -> list[tuple[float, Lattice, Floats]]:
    """Build each kernel: its weight, its lattice, 1 / sqrt of its row sums (N x 1)."""
    height, width = image.shape[:2]
    y, x = np.divmod(np.arange(height * width), width)
    place = np.stack([x, y], axis=1).astype(np.float32)
    features = []
    if params.smooth_weight:
        features.append((params.smooth_weight, place / np.float32(params.smooth_xy)))
    if params.bilateral_weight:
        place = place / np.float32(params.bilateral_xy)
        colour = image.reshape(-1, 3) / np.float32(params.bilateral_rgb)
        features.append((params.bilateral_weight, np.hstack([place, colour])))
    ones = np.ones((len(place), 1), np.float32)
    terms = []
    for weight, feature in features:
        lattice = build_lattice(feature)
        scale = 1 / np.sqrt(lattice.filter(ones) + np.float32(1e-20))
        terms.append((weight, lattice, scale))
    return terms


def _joined(
    terms: list[tuple[float, Lattice, Floats]],
) -> tuple[Ints, Floats, Floats, Ints]:
    """Put the lattices side by side, so that one loop over the pixels serves them all.

    Returns:
        ``index``, ``weight`` and ``gain`` as ``update_of`` takes them, and ``near`` as
        in `Lattice`; along axes that a lattice lacks it has no neighbours.
    """
    pixels = len(terms[0][1].index)
    columns = [lattice.index.shape[1] for _, lattice, _ in terms]
    index = np.empty((pixels, sum(columns)), np.int32)
    weight = np.empty((pixels, sum(columns)), np.float32)
    gain = np.empty(sum(columns), np.float32)
    near = np.zeros((max(columns), 1 + sum(t[1].size for t in terms), 2), np.int32)
    column, row = 0, 0
    for number, (factor, lattice, scale) in zip(columns, terms):
        here = slice(column, column + number)
        np.add(lattice.index, row, out=index[:, here])
        np.multiply(lattice.weight, scale, out=weight[:, here])
        gain[here] = factor * lattice.gain
        links = lattice.near[:, 1:]
        near[:number, row + 1 : row + 1 + lattice.size] = np.where(
            links > 0, links + row, 0
        )
        column, row = column + number, row + lattice.size
    return index, weight, gain, near


def _cores() -> int:
    """Return how many threads this process is meant to run."""
    wanted = os.environ.get('OMP_NUM_THREADS', '')
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _team(stack: ExitStack, threads: int) -> Each:
    """Return what calls a function on each of some numbers, in several threads."""
    if threads == 1:
        return lambda function, numbers: [function(k) for k in numbers]
    pool = stack.enter_context(ThreadPoolExecutor(threads))
    return lambda function, numbers: list(pool.map(function, numbers))
