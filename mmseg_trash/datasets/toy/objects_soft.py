"""Plastic bags and clothing."""

import cv2
import numpy as np

from .canvas import Painter, Patch, blob, circle, jitter, pick
from .textures import clouds, facets, gathers, weave

FILM = [
    (226, 232, 236),
    (28, 28, 34),
    (240, 200, 60),
    (60, 150, 90),
    (70, 120, 190),
    (236, 130, 160),
]
CLOTH = [
    (116, 66, 136),
    (44, 58, 120),
    (140, 40, 66),
    (70, 74, 84),
    (60, 110, 90),
    (206, 150, 60),
]
SNACK = [(250, 180, 20), (240, 112, 24), (130, 50, 150), (214, 40, 44), (30, 130, 70)]


def _creases(
    rng: np.random.Generator, height: int, width: int, knot: tuple[float, float]
) -> np.ndarray:
    """Shade film: folds from a knot, facets, thin bright ridges (H, W), around 0."""
    folds = gathers(rng, height, width, knot)
    ridges = np.exp(-((folds / 0.1) ** 2))
    return 0.34 * facets(rng, height, width, 40) + 0.3 * folds + 0.34 * ridges - 0.1


def plastic_bag(rng: np.random.Generator, size: int, filled: bool = False) -> Patch:
    """Draw a crumpled bag with two handles; a filled one lets its content show.

    Args:
        rng: Source of the drawing.
        size: Longer side in pixels.
        filled: Whether things lie in it: it is then translucent.

    Returns:
        The bag.
    """
    height, width = size, int(size * rng.uniform(0.8, 0.98))
    clear = filled and rng.random() < 0.6
    colour = jitter(rng, FILM[0]) if clear else pick(rng, FILM)
    board = Painter(height, width, colour)
    bulk = blob(rng, 0.11, 14) * (1, 0.74) + (0, 0.25)
    loops, holes = [], []
    for side in (-1, 1):
        x = 0.5 + side * rng.uniform(0.17, 0.22)
        tip = x + side * rng.uniform(-0.05, 0.12)
        wide = rng.uniform(0.08, 0.1)
        across = np.array([-1.2, -0.9, -0.6, 0, 0.6, 0.9, 1.2])
        down = np.array([0.46, 0.2, 0.06, 0.02, 0.06, 0.2, 0.46])
        middle = x + (tip - x) * (0.46 - down) / 0.44
        loops.append(np.stack([middle + wide * across, down], 1))
        holes.append(circle(x + (tip - x) * 0.72, 0.17, wide * 0.35, 0.075))
    creases = _creases(rng, height, width, (0.5, 0.22))
    dark = colour.mean() < 80
    if dark:
        board.light(105 * np.clip(creases, -0.2, 1))
    else:
        board.shade(0.98 + 0.42 * np.clip(creases, -0.8, 0.7))
        board.light(40 * np.clip(creases, 0, 1))
    if rng.random() < 0.4:
        ink = pick(rng, SNACK)
        board.fill(circle(0.5, 0.62, 0.13, 0.12), ink, 0.6)
        board.fill([(0.36, 0.8), (0.64, 0.8), (0.64, 0.84), (0.36, 0.84)], ink, 0.6)
    alpha = board.alpha(bulk, *loops)
    for hole in holes:
        np.minimum(alpha, 255 - board.alpha(hole), out=alpha)
    reach = 2 * round(size / 28) + 1
    rim = cv2.blur(alpha, (reach, reach)) / np.float32(255)
    board.shade(0.74 + 0.26 * np.clip((rim - 0.5) * 2.2, 0, 1))
    base = 0.5 if filled else (0.97 if dark else rng.uniform(0.68, 0.9))
    opacity = np.clip(base + 0.35 * creases, 0.3, 1).astype(np.float32)
    return Patch(board.rgb, alpha, opacity, 0.06)


def filled_bag(rng: np.random.Generator, size: int) -> Patch:
    """Draw a translucent bag for things to lie in."""
    return plastic_bag(rng, size, filled=True)


def snack_packet(rng: np.random.Generator, size: int) -> Patch:
    """Draw a shiny snack packet: crimped ends, foil folds, a loud print."""
    height, width = size, int(size * rng.uniform(0.66, 0.78))
    colour = pick(rng, SNACK)
    board = Painter(height, width, colour)
    other = pick(rng, SNACK)
    board.fill(0.12 + 0.76 * circle(0.5, 0.48, 0.5, 0.3), other)
    board.fill(0.2 + 0.6 * circle(0.5, 0.44, 0.5, 0.14), (250, 246, 230))
    board.fill([(0.25, 0.66), (0.75, 0.62), (0.7, 0.78), (0.3, 0.8)], (250, 210, 90))
    for top in (0.0, 0.92):
        board.fill(
            [(0, top), (1, top), (1, top + 0.08), (0, top + 0.08)], (206, 208, 212)
        )
        for x in np.linspace(0, 1, 26):
            board.line([(x, top), (x, top + 0.08)], (120, 122, 128), 0.008)
    creases = _creases(rng, height, width, (0.5, rng.choice([-0.2, 1.2])))
    board.shade(0.98 + 0.4 * np.clip(creases, -0.7, 0.6))
    board.light(70 * np.clip(creases - 0.1, 0, 1))
    x = np.linspace(0.04, 0.96, 24)
    side = np.linspace(0.03, 0.97, 14)[1:-1]
    pinch = 0.035 * np.cos((side - 0.5) * 2 * np.pi)
    outline = np.concatenate(
        [
            np.stack([x, 0.02 + 0.012 * (np.arange(24) % 2)], 1),
            np.stack([0.94 - pinch, side], 1),
            np.stack([x, 0.98 - 0.012 * (np.arange(24) % 2)], 1)[::-1],
            np.stack([0.06 + pinch, side], 1)[::-1],
        ]
    )
    return Patch(board.rgb, board.alpha(outline), height=0.05)


def _fabric(rng: np.random.Generator, board: Painter, size: int) -> None:
    height, width = board.height, board.width
    board.shade(
        1
        + 0.2 * weave(rng, height, width, max(size / 42, 3.2))
        + 0.16 * clouds(rng, height, width, size / 4)
    )
    # folds are lit on one side and dark on the other
    folds = gathers(rng, height, width, (rng.uniform(-0.3, 1.3), rng.uniform(-0.6, 0)))
    board.shade(1 + 0.22 * folds)


def shirt(rng: np.random.Generator, size: int) -> Patch:
    """Draw a T-shirt, plain or striped, with collar and seams."""
    height, width = size, size
    colour = pick(rng, CLOTH)
    board = Painter(height, width, colour)
    style = rng.integers(3)
    if style == 0:
        light = np.clip(colour * 0.4 + 140, 0, 255)
        for y in np.arange(0.1, 1, 0.11):
            board.fill([(0, y), (1, y), (1, y + 0.05), (0, y + 0.05)], light)
    elif style == 1:
        board.fill(circle(0.5, 0.46, 0.15), np.clip(colour * 0.3 + 160, 0, 255))
        board.fill(circle(0.5, 0.46, 0.09), colour * 0.6)
    _fabric(rng, board, size)
    outline = np.array(
        [
            (0.36, 0.06),
            (0.42, 0.12),
            (0.5, 0.14),
            (0.58, 0.12),
            (0.64, 0.06),
            (0.8, 0.12),
            (0.98, 0.36),
            (0.83, 0.46),
            (0.76, 0.36),
            (0.78, 0.96),
            (0.22, 0.96),
            (0.24, 0.36),
            (0.17, 0.46),
            (0.02, 0.36),
            (0.2, 0.12),
        ]
    )
    outline = outline + rng.uniform(-0.02, 0.02, outline.shape)
    collar = outline[:5] + np.array([0, 0.02])
    board.line(collar, colour * 0.5, 0.02, 0.8)
    board.line([(0.25, 0.14), (0.24, 0.36)], colour * 0.55, 0.01, 0.8)
    board.line([(0.75, 0.14), (0.76, 0.36)], colour * 0.55, 0.01, 0.8)
    board.line([(0.22, 0.92), (0.78, 0.92)], colour * 0.6, 0.008, 0.8)
    return Patch(board.rgb, board.alpha(outline), height=0.03)


def sock(rng: np.random.Generator, size: int) -> Patch:
    """Draw a knitted sock with other-coloured cuff, heel and toe."""
    height, width = size, int(size * 0.8)
    colour = pick(rng, CLOTH)
    accent = np.clip(pick(rng, CLOTH) * 1.3 + 30, 0, 255)
    board = Painter(height, width, colour)
    board.fill([(0, 0), (1, 0), (1, 0.13), (0, 0.13)], accent)
    for y in (0.2, 0.26):
        board.fill([(0, y), (1, y), (1, y + 0.03), (0, y + 0.03)], accent)
    board.fill(circle(0.2, 0.82, 0.2, 0.18), accent)
    board.fill(circle(0.95, 0.82, 0.24, 0.24), accent)
    _fabric(rng, board, size)
    outline = [
        (0.08, 0.02),
        (0.5, 0.02),
        (0.52, 0.5),
        (0.6, 0.6),
        (0.86, 0.66),
        (0.96, 0.76),
        (0.96, 0.9),
        (0.86, 0.97),
        (0.3, 0.97),
        (0.12, 0.92),
        (0.05, 0.78),
        (0.09, 0.5),
    ]
    return Patch(board.rgb, board.alpha(outline), height=0.03)


def shoe(rng: np.random.Generator, size: int) -> Patch:
    """Draw a canvas shoe from the side: rubber sole, toe cap, laces."""
    height, width = int(size * 0.52), size
    colour = pick(rng, CLOTH)
    board = Painter(height, width, colour)
    _fabric(rng, board, size)
    rubber = (232, 228, 216)
    board.fill(circle(0.93, 0.74, 0.17, 0.3), rubber)
    board.fill([(0, 0.8), (1, 0.8), (1, 1), (0, 1)], rubber)
    board.fill([(0, 0.87), (1, 0.87), (1, 0.91), (0, 0.91)], colour * 0.7)
    board.fill([(0.05, 0.05), (0.3, 0.05), (0.32, 0.16), (0.05, 0.16)], colour * 0.6)
    for step in range(4):
        x, y = 0.4 + step * 0.085, 0.22 + step * 0.085
        board.line([(x - 0.05, y + 0.16), (x + 0.03, y - 0.02)], (244, 242, 236), 0.018)
    outline = [
        (0.04, 0.06),
        (0.3, 0.03),
        (0.4, 0.14),
        (0.56, 0.32),
        (0.72, 0.46),
        (0.9, 0.54),
        (0.97, 0.68),
        (0.98, 0.94),
        (0.94, 0.98),
        (0.05, 0.98),
        (0.02, 0.9),
        (0.05, 0.5),
    ]
    return Patch(board.rgb, board.alpha(outline), height=0.06)
