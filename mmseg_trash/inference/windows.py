"""Cut a large photograph into overlapping windows and blend what they give."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from math import ceil

import torch
from torch import Tensor

from .views import View

SIGMA = 1 / 8
"""Deviation of the weights in shares of the window's side, as in nnU-Net."""

# Where a window lies, and its weights down and across.
Window = tuple[slice, slice, Tensor, Tensor]


def starts(length: int, window: int, overlap: float) -> list[int]:
    """Place windows along one side, evenly, the first and the last at its ends.

    Args:
        length: The side in pixels.
        window: The window's side.
        overlap: Least share of a window that the next one covers, 0 up to (not
            including) 1.

    Returns:
        The first pixel of each window; only 0 where the window is no smaller.

    Raises:
        ValueError: ``window`` or ``overlap`` is out of range.
    """
    if window < 1:
        raise ValueError(f'window must be at least 1 pixel, got {window}')
    if not 0 <= overlap < 1:
        raise ValueError(f'overlap must lie in [0, 1), got {overlap}')
    if length <= window:
        return [0]
    room = length - window
    number = ceil(room / max(1, int(window * (1 - overlap)))) + 1
    return [round(room * i / (number - 1)) for i in range(number)]


def blend_weights(length: int, window: int, overlap: float) -> Tensor:
    """Return the windows' weights along one side: Gaussian, 1 in sum at every pixel.

    The weights in the plane are products of those along the sides. Since the windows
    form a grid, so is their sum, and each side can be normalised by itself: no map of
    weights is needed.

    Args:
        length: See :func:`starts`.
        window: See :func:`starts`.
        overlap: See :func:`starts`.

    Returns:
        (windows, min(window, length)) float32.
    """
    size = min(window, length)
    places = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    bell = torch.exp(-0.5 * (places / (SIGMA * size)) ** 2)
    first = starts(length, window, overlap)
    total = torch.zeros(length, dtype=torch.float64)
    for start in first:
        total[start : start + size] += bell
    return torch.stack([bell / total[s : s + size] for s in first]).float()


def blend(
    image: Tensor,
    accumulator: Tensor,
    looks: Sequence[tuple[View, float]],
    run: Callable[[list[Tensor]], Tensor],
    window: int,
    overlap: float,
    batch_size: int,
) -> None:
    """Add the blended outputs of an image's windows to an accumulator, in place.

    Beside the image and the accumulator only one batch of windows is held, with what
    the model gives for it.

    Args:
        image: (3, H, W).
        accumulator: (C, H, W) floats, wherever there is room for them.
        looks: How each window is turned, and the share of that in the result.
        run: (3, h, w) of one shape -> (n, C, h, w), what is blended.
        window: Side of the windows in pixels.
        overlap: See :func:`starts`.
        batch_size: Windows per call of ``run``.
    """
    # Turned by a quarter, a window that is no square has another shape.
    for odd in (False, True):
        chosen = [look for look in looks if (look[0].turns % 2 == 1) == odd]
        jobs = product(_grid(image, window, overlap), chosen)
        while batch := list(islice(jobs, batch_size)):
            crops = [view.apply(image[:, y, x]) for (y, x, _, _), (view, _) in batch]
            for ((y, x, down, across), (view, share)), output in zip(batch, run(crops)):
                weights = (share * down[:, None] * across).to(output.device)
                accumulator[:, y, x] += (view.invert(output) * weights).to(accumulator)


def _grid(image: Tensor, window: int, overlap: float) -> Iterator[Window]:
    height, width = image.shape[-2:]
    rows, columns = (blend_weights(n, window, overlap) for n in (height, width))
    tops, lefts = (starts(n, window, overlap) for n in (height, width))
    for top, down in zip(tops, rows):
        for left, across in zip(lefts, columns):
            y, x = slice(top, top + len(down)), slice(left, left + len(across))
            yield y, x, down, across
