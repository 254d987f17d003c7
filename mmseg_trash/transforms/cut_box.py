"""The box of CutMix."""

import numpy as np


def draw_box(shape: tuple[int, int], alpha: float) -> tuple[int, int, int, int]:
    """Draw the box of Yun et al. 2019, arXiv:1905.04899, section 3.1.

    The share 1 - lambda of the area, lambda from Beta(alpha, alpha), at the image's
    aspect ratio, its centre on any pixel; what reaches beyond the image is cut.

    Args:
        shape: Height and width of the image.
        alpha: Of the Beta distribution, positive.

    Returns:
        ``(y1, y2, x1, x2)`` in pixels.
    """
    side = np.sqrt(1 - np.random.beta(alpha, alpha))
    box = []
    for length in shape:
        centre, size = np.random.randint(length), int(length * side)
        start = centre - size // 2
        box += [max(start, 0), min(start + size, length)]
    return box[0], box[1], box[2], box[3]
