"""Paper packs: cartons, cups, drink bricks."""

import numpy as np

from .canvas import Painter, Patch, circle, jitter, pick
from .lathe import lathe
from .textures import clouds, grain

PACK = [(44, 150, 84), (30, 132, 120), (38, 98, 176), (208, 62, 72), (236, 160, 52)]


def milk_carton(rng: np.random.Generator, size: int) -> Patch:
    """Draw a gable-top carton: white faces, coloured wave, folded roof."""
    height, width = size, int(size * rng.uniform(0.48, 0.56))
    accent = pick(rng, PACK)
    white = jitter(rng, (240, 240, 238), 6)
    board = Painter(height, width, white)
    edge = rng.uniform(0.64, 0.74)
    board.fill([(edge, 0.3), (1, 0.26), (1, 1), (edge, 1)], white * 0.76)
    wave = np.linspace(0, 1, 24)
    crest = 0.66 + 0.045 * np.sin(wave * 7 + rng.uniform(0, 6))
    board.fill(
        [*zip(wave * edge, crest), (edge, 1), (0, 1)],
        accent,
    )
    board.fill(
        [(edge, crest[-1]), (1, crest[-1] - 0.03), (1, 1), (edge, 1)], accent * 0.7
    )
    board.fill(circle(edge / 2, 0.48, 0.17, 0.17 * width / height), accent)
    board.fill(circle(edge / 2, 0.48, 0.11, 0.11 * width / height), (250, 236, 150))
    board.fill([(0, 0.3), (edge, 0.3), (edge - 0.06, 0.11), (0.1, 0.11)], accent * 0.92)
    board.fill([(edge, 0.3), (1, 0.26), (edge, 0.11)], white * 0.6)
    board.fill([(0.08, 0), (edge, 0), (edge, 0.115), (0.08, 0.115)], white * 0.95)
    board.line([(0.08, 0.115), (edge, 0.115)], accent * 0.5, 0.008)
    board.line([(0.02, 0.3), (edge, 0.3)], accent * 0.5, 0.008)
    for row in (0.74, 0.8, 0.86):
        stripe = [
            (0.1, row),
            (edge - 0.1, row),
            (edge - 0.1, row + 0.022),
            (0.1, row + 0.022),
        ]
        board.fill(stripe, (246, 246, 244), 0.8)
    outline = [
        (0.03, 0.3),
        (0.1, 0.11),
        (0.1, 0.02),
        (edge, 0.02),
        (edge, 0.11),
        (0.97, 0.27),
        (0.97, 0.93),
        (edge, 0.98),
        (0.03, 0.98),
    ]
    board.shade(1 + 0.04 * clouds(rng, height, width, size / 2, 2))
    return Patch(board.rgb, board.alpha(outline), height=0.09)


def paper_cup(rng: np.random.Generator, size: int) -> Patch:
    """Draw a paper cup: white rolled rim, dark mouth, coloured print."""
    height, width = size, int(size * rng.uniform(0.72, 0.82))
    accent = pick(rng, PACK)
    body = lathe(height, width, [(0.03, 0.47), (0.97, 0.33)], bulge=0.055)
    board = Painter(height, width, jitter(rng, (238, 235, 228), 6))
    board.blend(body.band(0.36, 0.74), accent)
    board.blend(body.band(0.42, 0.45) + body.band(0.65, 0.68), (246, 240, 226))
    for step in np.linspace(-0.7, 0.7, 5):
        board.blend(
            body.band(0.5, 0.6) * body.stripe(step - 0.1, step + 0.1), (250, 246, 236)
        )
    board.shade(body.roundness(ambient=0.55))
    board.fill(circle(0.5, 0.085, 0.47, 0.055), (248, 246, 240))
    board.fill(circle(0.5, 0.087, 0.43, 0.042), jitter(rng, (92, 62, 42)))
    board.light(2.0 * grain(rng, height, width))
    return Patch(board.rgb, body.alpha, height=0.09)


def juice_box(rng: np.random.Generator, size: int) -> Patch:
    """Draw a drink brick with fruit print and a bent straw."""
    height, width = size, int(size * rng.uniform(0.54, 0.62))
    accent = pick(rng, PACK)
    board = Painter(height, width, accent)
    board.fill([(0, 0.26), (0.72, 0.26), (0.72, 0.5), (0, 0.44)], (244, 242, 236))
    fruit = pick(rng, [(242, 150, 40), (220, 60, 60), (130, 190, 70)])
    for x, y in ((0.26, 0.72), (0.44, 0.66), (0.42, 0.8)):
        board.fill(circle(x, y, 0.14, 0.14 * width / height), fruit)
        board.fill(circle(x - 0.04, y - 0.02, 0.04), fruit * 0.4 + 150, 0.8)
    board.fill([(0.72, 0.2), (1, 0.17), (1, 1), (0.72, 1)], accent * 0.66)
    board.fill([(0, 0.2), (0.72, 0.2), (1, 0.16), (0.3, 0.16)], (226, 226, 224))
    straw = [(0.56, 0.18), (0.6, 0.06), (0.86, 0.025)]
    board.line(straw, (246, 246, 246), 0.035)
    board.line([(x, y - 0.004) for x, y in straw], (220, 80, 80), 0.008)
    outline = [
        (0.03, 0.2),
        (0.3, 0.16),
        (0.97, 0.17),
        (0.97, 0.94),
        (0.72, 0.98),
        (0.03, 0.98),
    ]
    bent = np.array(straw)
    half = np.array([0.028, 0.012])
    stroke = np.concatenate([bent - half, (bent + half)[::-1]])
    return Patch(board.rgb, board.alpha(outline, stroke), height=0.08)
