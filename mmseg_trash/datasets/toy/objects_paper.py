"""Paper: sheets, newspapers, cardboard, bags."""

import numpy as np

from .canvas import Painter, Patch, circle, jitter, pick, rounded
from .textures import clouds, facets

INK = (70, 70, 78)
KRAFT = [(178, 138, 94), (194, 154, 108), (164, 124, 84)]
PRINT = [(60, 62, 70), (120, 74, 50), (38, 98, 176), (208, 62, 72), (44, 140, 84)]


def _corners(rng: np.random.Generator, slack: float) -> np.ndarray:
    base = np.array([(0.03, 0.03), (0.97, 0.03), (0.97, 0.97), (0.03, 0.97)])
    inward = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    return base + inward * rng.uniform(0, slack, (4, 2))


def _inside(corners: np.ndarray, u: float, v: float) -> np.ndarray:
    top = corners[0] + (corners[1] - corners[0]) * u
    bottom = corners[3] + (corners[2] - corners[3]) * u
    return top + (bottom - top) * v


def _box(corners: np.ndarray, u0: float, v0: float, u1: float, v1: float) -> np.ndarray:
    return np.stack(
        [_inside(corners, u, v) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))]
    )


def sheet(rng: np.random.Generator, size: int) -> Patch:
    """Draw a printed sheet of office paper, often folded or torn into two."""
    height, width = size, int(size * rng.uniform(0.68, 0.82))
    board = Painter(height, width, jitter(rng, (236, 232, 220), 8))
    corners = _corners(rng, 0.1)
    if rng.random() < 0.35:
        board.fill(_box(corners, 0.08, 0.05, 0.92, 0.13), pick(rng, PRINT), 0.85)
    lines = rng.integers(12, 19)
    ends = np.where(rng.random(lines) < 0.3, rng.uniform(0.55, 0.92, lines), 0.92)
    text = [
        _box(corners, 0.09, row, end, row + 0.35 / lines)
        for row, end in zip(np.linspace(0.2, 0.92, lines), ends)
    ]
    board.fill(text, INK, 0.5)
    shade = 1 + 0.06 * clouds(rng, height, width, size / 2, 2)
    shade += 0.05 * facets(rng, height, width, int(rng.integers(3, 9)))
    board.shade(shade)
    if rng.random() < 0.3:
        cut = rng.uniform(0.35, 0.65)
        zigzag = [(t, cut + rng.uniform(-0.03, 0.03)) for t in np.linspace(0, 1, 12)]
        edge = np.array([_inside(corners, u, v) for u, v in zigzag])
        gap = np.array([0, 0.035])
        upper = np.concatenate([corners[:2], (edge - gap)[::-1]])
        lower = np.concatenate([edge + gap, corners[2:]])
        return Patch(board.rgb, board.alpha(upper, lower), height=0.02)
    return Patch(board.rgb, board.alpha(corners), height=0.02)


def newspaper(rng: np.random.Generator, size: int) -> Patch:
    """Draw a newspaper page: headline, columns of lines, a picture, a fold."""
    height, width = size, int(size * rng.uniform(0.72, 0.9))
    board = Painter(height, width, jitter(rng, (206, 201, 186), 8))
    corners = _corners(rng, 0.08)
    board.fill(_box(corners, 0.06, 0.04, 0.94, 0.115), (48, 46, 46), 0.85)
    board.fill(_box(corners, 0.06, 0.14, 0.7, 0.175), (66, 64, 62), 0.8)
    columns = int(rng.integers(3, 5))
    text: list[np.ndarray] = []
    picture = int(rng.integers(columns))
    for column in range(columns):
        left = 0.06 + column * 0.88 / columns
        right = left + 0.88 / columns - 0.03
        top = 0.21
        if column == picture:
            board.fill(_box(corners, left, top, right, 0.45), (118, 116, 112))
            board.fill(_box(corners, left, 0.34, right, 0.45), (84, 84, 86))
            top = 0.48
        text += [
            _box(corners, left, row, right, row + 0.011)
            for row in np.arange(top, 0.95, 0.026)
        ]
    board.fill(text, INK, 0.62)
    fold = _inside(corners, 0, 0.5)[1]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    shade = 1 - 0.16 * np.exp(-(((y - fold) / 0.03) ** 2)) + 0.05 * (y < fold)
    board.shade(shade + 0.06 * clouds(rng, height, width, size / 2, 2))
    return Patch(board.rgb, board.alpha(corners), height=0.02)


def crumpled_sheet(rng: np.random.Generator, size: int) -> Patch:
    """Draw a ball of crumpled paper with rests of print."""
    height, width = size, int(size * rng.uniform(0.8, 1.0))
    tone = (232, 226, 210) if rng.random() < 0.6 else KRAFT[1]
    board = Painter(height, width, jitter(rng, tone, 8))
    start = rng.uniform(0.1, 0.8, (14, 2))
    end = start + np.stack([np.full(14, 0.2), rng.uniform(-0.06, 0.06, 14)], 1)
    board.line(np.stack([start, end], 1), INK, 0.012, 0.45)
    board.shade(0.93 + 0.21 * facets(rng, height, width, 26))
    angle = np.sort(rng.uniform(0, 2 * np.pi, 16))
    radius = rng.uniform(0.4, 0.49, 16)
    outline = 0.5 + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
    return Patch(board.rgb, board.alpha(outline), height=0.07)


def cardboard(rng: np.random.Generator, size: int) -> Patch:
    """Draw an opened cardboard box: two flaps, corrugation, tape, a label."""
    height, width = size, int(size * rng.uniform(0.85, 1.0))
    colour = pick(rng, KRAFT)
    board = Painter(height, width, colour)
    body = np.array([(0.12, 0.24), (0.9, 0.2), (0.95, 0.84), (0.08, 0.88)])
    body += rng.uniform(-0.03, 0.03, (4, 2))
    top = np.array([body[0], (0.2, 0.04), (0.82, 0.03), body[1]])
    side = np.array([body[3], body[2], (0.84, 0.97), (0.16, 0.97)])
    board.fill(top, colour * 1.12)
    board.fill(side, colour * 0.78)
    board.fill(_box(body, 0.44, 0, 0.56, 1), (206, 186, 142), 0.75)
    if rng.random() < 0.6:
        board.fill(_box(body, 0.64, 0.55, 0.9, 0.85), (236, 232, 222))
        for row in np.linspace(0.6, 0.8, 4):
            board.fill(_box(body, 0.67, row, 0.86, row + 0.02), INK, 0.7)
    board.line([body[0], body[1]], colour * 0.55, 0.009)
    board.line([body[3], body[2]], colour * 0.5, 0.009)
    x = np.arange(width, dtype=np.float32)[None, :]
    ribs = 0.025 * np.sin(x * (2 * np.pi / max(size / 45, 3)))
    board.shade(1 + ribs + 0.05 * clouds(rng, height, width, size / 2))
    return Patch(board.rgb, board.alpha(body, top, side), height=0.07)


def paper_bag(rng: np.random.Generator, size: int) -> Patch:
    """Draw a kraft paper bag with a serrated mouth and side folds."""
    height, width = size, int(size * rng.uniform(0.58, 0.72))
    colour = pick(rng, KRAFT)
    board = Painter(height, width, colour)
    teeth = 15
    mouth = [
        (x, 0.03 + 0.025 * (step % 2))
        for step, x in enumerate(np.linspace(0.06, 0.94, teeth))
    ]
    outline = np.array([*mouth, (0.97, 0.95), (0.03, 0.97)])
    board.fill([(0, 0), (0.14, 0), (0.11, 1), (0, 1)], colour * 0.8)
    board.fill([(0.03, 0.8), (0.97, 0.79), (1, 1), (0, 1)], colour * 0.86)
    board.fill([(0, 0), (1, 0), (0.96, 0.1), (0.06, 0.1)], colour * 0.72)
    stamp = pick(rng, PRINT)
    board.fill(circle(0.53, 0.45, 0.24, 0.24 * width / height), stamp, 0.6)
    board.fill(circle(0.53, 0.45, 0.16, 0.16 * width / height), colour, 0.8)
    board.shade(0.98 + 0.11 * facets(rng, height, width, 14))
    return Patch(board.rgb, board.alpha(outline), height=0.05)


def pizza_box(rng: np.random.Generator, size: int) -> Patch:
    """Draw a flat printed take-away box with stains of grease."""
    board = Painter(size, size, pick(rng, [*KRAFT, (232, 224, 208)]))
    plate = rounded(0.05, 0.05, 0.95, 0.95, 0.05)
    board.fill(rounded(0.09, 0.09, 0.91, 0.91, 0.03), (246, 240, 226), 0.35)
    accent = pick(rng, [(196, 48, 44), (54, 120, 72)])
    board.fill(circle(0.5, 0.5, 0.3), accent, 0.85)
    board.fill(circle(0.5, 0.5, 0.24), (238, 226, 200), 0.9)
    board.fill([(0.5, 0.34), (0.62, 0.64), (0.38, 0.64)], accent, 0.9)
    board.line([(0.05, 0.13), (0.95, 0.13)], (110, 84, 60), 0.008, 0.8)
    board.shade(1 + 0.1 * clouds(rng, size, size, size / 4))
    return Patch(board.rgb, board.alpha(plate), height=0.05)
