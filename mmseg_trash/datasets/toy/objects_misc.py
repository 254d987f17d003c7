"""General trash and batteries."""

import numpy as np

from .canvas import Painter, Patch, blob, circle, jitter, pick, rounded
from .lathe import lathe
from .textures import clouds, facets, grain


def cigarette(rng: np.random.Generator, size: int) -> Patch:
    """Draw a stubbed cigarette: speckled filter, white paper, burnt end."""
    height, width = size, max(int(size * rng.uniform(0.24, 0.3)), 4)
    body = lathe(height, width, [(0.02, 0.4), (0.9, 0.44), (0.98, 0.36)], bulge=0.03)
    board = Painter(height, width, (234, 230, 220))
    board.blend(body.band(0.0, 0.5), jitter(rng, (204, 130, 62), 8))
    board.light(16 * body.band(0.0, 0.5) * grain(rng, height, width))
    board.blend(body.band(0.49, 0.525), (176, 132, 60))
    board.blend(body.band(0.76, 0.86) * 0.7, (150, 128, 108))
    board.blend(body.band(0.84, 1.0), (44, 40, 40))
    board.shade(body.roundness(ambient=0.55))
    return Patch(board.rgb, body.alpha, height=0.06)


def tissue(rng: np.random.Generator, size: int) -> Patch:
    """Draw a used tissue: soft bluish-pink folds and a brown stain."""
    tint = pick(rng, [(226, 214, 218), (214, 222, 232)])
    board = Painter(size, size, tint)
    stain = pick(rng, [(150, 96, 50), (176, 130, 50), (150, 60, 50)])
    for _ in range(3):
        spot = rng.uniform(0.15, 0.6, 2) + rng.uniform(0.12, 0.28) * blob(rng, 0.2, 12)
        board.fill(spot, stain, rng.uniform(0.35, 0.75))
    angle = np.linspace(0, 2 * np.pi, 26, endpoint=False) + rng.uniform(0, 0.2, 26)
    radius = rng.uniform(0.36, 0.49, 26)
    outline = 0.5 + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
    soft = clouds(rng, size, size, size / 3, 3)
    board.shade(0.95 + 0.14 * soft + 0.16 * facets(rng, size, size, 18))
    return Patch(board.rgb, board.alpha(outline), height=0.06)


def banana_peel(rng: np.random.Generator, size: int) -> Patch:
    """Draw a banana peel: four flaps from one stem, brown spots."""
    yellow = jitter(rng, (232, 192, 50), 10)
    board = Painter(size, size, yellow)
    flaps = []
    start = rng.uniform(0, 6)
    for flap in range(4):
        angle = start + flap * np.pi / 2 + rng.uniform(-0.3, 0.3)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        bend = rng.uniform(-0.12, 0.12)
        t = np.linspace(0, 1, 12)
        spine = 0.5 + t[:, None] * 0.46 * along + (bend * t**2)[:, None] * across
        half = (0.105 * np.sin(np.pi * np.clip(0.25 + 0.75 * t, 0, 1)) + 0.01)[:, None]
        flaps.append(
            np.concatenate([spine + half * across, (spine - half * across)[::-1]])
        )
        board.fill(flaps[-1], yellow * rng.uniform(0.85, 1.06))
        board.line(spine, yellow * 0.6, 0.02, 0.6)
    for _ in range(26):
        x, y = rng.uniform(0.08, 0.92, 2)
        board.fill(circle(x, y, rng.uniform(0.008, 0.03)), (92, 60, 24), 0.75)
    board.fill(circle(0.5, 0.5, 0.07), (104, 78, 30))
    board.shade(1 + 0.12 * clouds(rng, size, size, size / 5))
    return Patch(
        board.rgb,
        board.alpha(*flaps, circle(0.5, 0.5, 0.08)),
        height=0.04,
    )


def apple_core(rng: np.random.Generator, size: int) -> Patch:
    """Draw an eaten apple: red ends, brownish flesh, seeds and a stem."""
    height, width = size, int(size * 0.72)
    body = lathe(
        height,
        width,
        [
            (0.1, 0.25),
            (0.18, 0.45),
            (0.3, 0.36),
            (0.5, 0.2),
            (0.7, 0.32),
            (0.86, 0.42),
            (0.98, 0.24),
        ],
        0.03,
        0.03,
    )
    skin = pick(rng, [(180, 34, 38), (120, 160, 50)])
    board = Painter(height, width, skin)
    board.blend(body.band(0.27, 0.74), jitter(rng, (222, 190, 122), 8))
    for y in (0.42, 0.5, 0.57):
        board.fill(circle(rng.uniform(0.42, 0.58), y, 0.035, 0.035), (70, 38, 20))
    board.shade(1 + 0.12 * clouds(rng, height, width, size / 5))
    board.shade(body.roundness(ambient=0.6))
    stem = np.array([(0.48, 0.14), (0.56, 0.01), (0.62, 0.02), (0.54, 0.14)])
    board.fill(stem, (84, 56, 28))
    return Patch(
        board.rgb,
        np.maximum(body.alpha, board.alpha(stem)),
        height=0.07,
    )


def face_mask(rng: np.random.Generator, size: int) -> Patch:
    """Draw a pleated face mask with its ear loops."""
    height, width = int(size * 0.56), size
    colour = pick(rng, [(130, 204, 180), (112, 196, 160), (120, 180, 210)])
    board = Painter(height, width, colour)
    for y in (0.3, 0.48, 0.66):
        board.line([(0.14, y), (0.86, y)], colour * 0.62, 0.016)
        board.line([(0.14, y + 0.04), (0.86, y + 0.04)], colour * 0.4 + 150, 0.012)
    cloth = rounded(0.15, 0.1, 0.85, 0.9, 0.04, width / height)
    for x0, x1 in ((0.17, 0.02), (0.83, 0.98)):
        board.line(
            [(x0, 0.14), (x1, 0.2), (x1, 0.8), (x0, 0.86)], (240, 240, 240), 0.03
        )
    board.line([(0.15, 0.14), (0.85, 0.14)], (236, 240, 242), 0.014)
    board.shade(1 + 0.14 * clouds(rng, height, width, size / 4))
    loops = []
    for x0, x1, inner in ((0.2, 0.0, 0.035), (0.8, 1.0, 0.965)):
        loops.append(
            [
                (x0, 0.11),
                (x1, 0.17),
                (x1, 0.83),
                (x0, 0.89),
                (x0, 0.82),
                (inner, 0.77),
                (inner, 0.23),
                (x0, 0.18),
            ]
        )
    return Patch(board.rgb, board.alpha(cloth, *loops), height=0.03)


def battery(rng: np.random.Generator, size: int) -> Patch:
    """Draw an AA cell: copper top with its pole, black or coloured jacket."""
    height, width = size, max(int(size * rng.uniform(0.32, 0.42)), 5)
    profile = [(0.01, 0.17), (0.055, 0.17), (0.06, 0.43), (0.97, 0.44), (0.99, 0.4)]
    body = lathe(height, width, profile, bulge=0.018, smooth=0.004)
    jacket = pick(rng, [(28, 28, 30), (28, 28, 30), (24, 60, 50), (30, 30, 74)])
    copper = jitter(rng, (206, 128, 52), 8)
    board = Painter(height, width, jacket)
    board.blend(body.band(0.05, 0.32), copper)
    board.blend(body.band(0.31, 0.335), (244, 214, 120))
    board.blend(body.band(0.5, 0.58) * body.stripe(-0.6, 0.6), (250, 246, 240))
    board.blend(body.band(0.62, 0.65) * body.stripe(-0.45, 0.45), copper)
    board.blend(body.band(0.915, 1.0), (190, 192, 196))
    board.blend(body.band(0.0, 0.045), (206, 208, 212))
    gleam = 1.25 * np.exp(-(((body.u + 0.35) / 0.22) ** 2))
    board.shade((0.66 + gleam - 0.4 * np.abs(body.u) ** 3).astype(np.float32).clip(0.2))
    board.blend(0.25 * body.stripe(-0.5, -0.25) * body.band(0.07, 0.9), (255, 255, 255))
    return Patch(board.rgb, body.alpha, height=0.06)


def battery_pair(rng: np.random.Generator, size: int) -> Patch:
    """Draw two cells side by side, labelled as one object in two polygons."""
    left, right = battery(rng, size), battery(rng, size)
    gap = np.zeros((size, max(size // 14, 2)), np.uint8)
    rgb = np.concatenate(
        [left.rgb, np.full((*gap.shape, 3), 60, np.uint8), right.rgb[::-1]], axis=1
    )
    alpha = np.concatenate([left.alpha, gap, right.alpha[::-1]], axis=1)
    return Patch(rgb, alpha, height=0.05)
