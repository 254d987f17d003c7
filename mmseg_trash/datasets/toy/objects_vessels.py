"""Metal and glass."""

import numpy as np

from .canvas import Painter, Patch, circle, jitter, pick, rounded
from .lathe import Body, lathe
from .textures import clouds, facets, grain

SODA = [(190, 28, 36), (172, 24, 30), (198, 200, 206), (28, 74, 160), (214, 120, 24)]
BOTTLE = [(34, 92, 48), (104, 58, 20), (52, 112, 66), (84, 44, 16)]
TRIM = [(150, 110, 40), (120, 30, 30), (40, 60, 110)]


def _metallic(body: Body) -> np.ndarray:
    """Give a factor (H, W) with the bright and dark streaks of polished metal."""
    u = body.u
    streaks = 0.5 * np.exp(-(((u + 0.45) / 0.16) ** 2))
    streaks += 0.28 * np.exp(-(((u - 0.5) / 0.1) ** 2))
    streaks -= 0.28 * np.exp(-(((u - 0.15) / 0.2) ** 2))
    return (0.86 + streaks - 0.42 * u**4).astype(np.float32)


def drink_can(rng: np.random.Generator, size: int) -> Patch:
    """Draw a drink can: printed wall, silver neck, lid with its tab."""
    height, width = size, int(size * rng.uniform(0.52, 0.6))
    accent = pick(rng, SODA)
    profile = [(0.02, 0.38), (0.1, 0.47), (0.92, 0.47), (0.98, 0.37)]
    body = lathe(height, width, profile, bulge=0.045)
    board = Painter(height, width, (196, 200, 206))
    board.blend(body.band(0.12, 0.86), accent)
    wave = body.v + 0.07 * np.sin(body.u * 2.4 + rng.uniform(0, 6))
    swirl = np.clip((0.06 - np.abs(wave - 0.55)) * height * 0.5, 0, 1)
    board.blend(swirl * body.band(0.12, 0.86), (240, 240, 238))
    board.blend(body.band(0.26, 0.36) * body.stripe(-0.6, 0.5), (244, 242, 236))
    board.shade(_metallic(body))
    board.fill(circle(0.5, 0.066, 0.36, 0.043), (150, 154, 160))
    board.fill(circle(0.5, 0.07, 0.31, 0.034), (206, 210, 214))
    board.fill(circle(0.5, 0.075, 0.12, 0.016), (120, 124, 130))
    if rng.random() < 0.3:
        board.shade(1 + 0.28 * facets(rng, height, width, 9))
    return Patch(board.rgb, body.alpha, height=0.09)


def food_tin(rng: np.random.Generator, size: int) -> Patch:
    """Draw an opened tin: ribbed silver wall and a bright rim."""
    height, width = size, int(size * rng.uniform(0.78, 0.95))
    body = lathe(height, width, [(0.02, 0.47), (0.98, 0.47)], bulge=0.09)
    board = Painter(height, width, jitter(rng, (186, 188, 190), 8))
    ribs = 1 + 0.2 * np.sin(body.v * (2 * np.pi * 11))
    board.shade((ribs * _metallic(body)).astype(np.float32))
    if rng.random() < 0.5:
        board.blend(body.band(0.32, 0.72) * 0.9, pick(rng, SODA) * 0.9)
        board.blend(body.band(0.45, 0.56) * body.stripe(-0.5, 0.4), (240, 236, 220))
    board.fill(circle(0.5, 0.11, 0.47, 0.09), (222, 224, 226))
    board.fill(circle(0.5, 0.113, 0.42, 0.072), (74, 72, 70))
    board.fill(circle(0.5, 0.135, 0.36, 0.048), (112, 110, 106))
    return Patch(board.rgb, body.alpha, height=0.08)


def bottle_cap(rng: np.random.Generator, size: int) -> Patch:
    """Draw a crown cap from above: crimped silver edge, printed middle."""
    board = Painter(size, size, (186, 188, 192))
    angle = np.linspace(0, 2 * np.pi, 126, endpoint=False)
    radius = (
        0.455 + 0.018 * np.sign(np.sin(angle * 21)) * np.abs(np.sin(angle * 21)) ** 0.5
    )
    outline = 0.5 + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
    rays = outline[::6] - 0.5
    board.line(np.stack([0.5 + rays * 0.8, 0.5 + rays], 1), (104, 106, 112), 0.02)
    accent = pick(rng, SODA)
    board.fill(circle(0.5, 0.5, 0.38), accent)
    board.fill(circle(0.5, 0.5, 0.3), (236, 232, 220), 0.9)
    board.fill(circle(0.5, 0.5, 0.2), accent)
    board.fill(circle(0.38, 0.36, 0.1, 0.06), (255, 255, 255), 0.55)
    return Patch(board.rgb, board.alpha(outline), height=0.03)


def foil_tray(rng: np.random.Generator, size: int) -> Patch:
    """Draw a crinkled tray of aluminium foil with a rolled rim."""
    height, width = int(size * rng.uniform(0.68, 0.85)), size
    board = Painter(height, width, (188, 191, 196))
    aspect = width / height
    outline = rounded(0.02, 0.02, 0.98, 0.98, 0.1, aspect)
    board.fill(rounded(0.07, 0.09, 0.93, 0.91, 0.09, aspect), (128, 130, 136))
    board.fill(rounded(0.14, 0.17, 0.86, 0.83, 0.07, aspect), (202, 205, 210))
    ripple = np.sin(
        np.arange(width, dtype=np.float32) * (2 * np.pi / max(size / 26, 3))
    )
    board.shade(1 + 0.12 * ripple[None, :] + 0.3 * facets(rng, height, width, 60))
    board.line(np.concatenate([outline, outline[:1]]), (236, 238, 242), 0.016, 0.9)
    return Patch(board.rgb, board.alpha(outline), height=0.05)


def _glassy(body: Body) -> np.ndarray:
    """Give a factor (H, W): dark refracting edges, a lit middle."""
    edge = np.clip(np.abs(body.u), 0, 1)
    return (1.18 - 0.72 * edge**5 - 0.14 * edge).astype(np.float32)


def _glints(board: Painter, body: Body, top: float, bottom: float) -> None:
    """Add the hard window reflections of glass."""
    board.blend(
        0.85 * body.stripe(-0.66, -0.5) * body.band(top, bottom), (255, 255, 255)
    )
    middle = (top + bottom) / 2
    board.blend(0.5 * body.stripe(0.56, 0.64) * body.band(top, middle), (255, 255, 255))


def glass_bottle(rng: np.random.Generator, size: int) -> Patch:
    """Draw a green or brown bottle, mostly with a label."""
    height, width = size, int(size * rng.uniform(0.28, 0.34))
    colour = pick(rng, BOTTLE)
    shoulder = rng.uniform(0.36, 0.46)
    profile = [
        (0.01, 0.19),
        (0.04, 0.19),
        (0.045, 0.15),
        (0.2, 0.16),
        (shoulder, 0.47),
        (0.95, 0.47),
        (0.99, 0.42),
    ]
    body = lathe(height, width, profile, bulge=0.02, smooth=0.02)
    board = Painter(height, width, colour)
    board.shade(1.05 + 0.2 * clouds(rng, height, width, width, 2, 0.4))
    board.shade(_glassy(body))
    board.blend(
        0.55 * body.stripe(0.05, 0.55) * body.band(shoulder, 0.93), colour * 1.9 + 14
    )
    if rng.random() < 0.65:
        paper = body.band(0.56, 0.8)
        board.blend(paper, np.multiply.outer((232, 222, 192), body.roundness()))
        board.blend(body.band(0.61, 0.66) * 0.9, pick(rng, TRIM))
        board.blend(body.band(0.7, 0.72) * body.stripe(-0.7, 0.6), (90, 80, 60))
    board.blend(body.band(0.0, 0.03), colour * 0.7)
    _glints(board, body, shoulder, 0.9)
    board.blend(0.7 * body.stripe(-0.55, -0.2) * body.band(0.08, 0.26), (250, 255, 250))
    opacity = 0.86 + 0.14 * np.abs(body.u) ** 3
    return Patch(board.rgb, body.alpha, opacity.astype(np.float32).clip(0, 1), 0.08)


def jar(rng: np.random.Generator, size: int) -> Patch:
    """Draw a clear jar with greenish edges, rests of food and hard glints."""
    height, width = size, int(size * rng.uniform(0.6, 0.72))
    profile = [
        (0.02, 0.38),
        (0.14, 0.38),
        (0.16, 0.36),
        (0.24, 0.47),
        (0.93, 0.47),
        (0.98, 0.42),
    ]
    body = lathe(height, width, profile, bulge=0.05, smooth=0.015)
    board = Painter(height, width, (168, 196, 184))
    board.shade(_glassy(body))
    edge = np.clip((np.abs(body.u) - 0.72) * 5, 0, 1)
    board.blend(0.75 * edge, (46, 92, 76))
    rest = pick(rng, [(150, 56, 30), (196, 140, 40), (110, 120, 52)])
    board.blend(0.9 * body.band(rng.uniform(0.55, 0.75), 0.9), rest)
    board.blend(body.band(0.04, 0.06) + body.band(0.1, 0.115), (70, 118, 100))
    board.fill(circle(0.5, 0.07, 0.37, 0.05), (222, 238, 232), 0.8)
    board.fill(circle(0.5, 0.073, 0.32, 0.036), (92, 128, 114), 0.8)
    board.blend(body.band(0.9, 0.93) * 0.6, (60, 110, 92))
    _glints(board, body, 0.28, 0.86)
    opacity = np.clip(0.72 + 0.28 * np.abs(body.u) ** 4, 0, 1).astype(np.float32)
    return Patch(board.rgb, body.alpha, opacity, 0.08)


def glass_shards(rng: np.random.Generator, size: int) -> Patch:
    """Draw a broken bottle: one label, several sharp pieces."""
    colour = pick(rng, BOTTLE) * 1.2
    board = Painter(size, size, colour)
    pieces = []
    for x, y, reach in (
        (0.3, 0.32, 0.27),
        (0.72, 0.25, 0.2),
        (0.64, 0.7, 0.26),
        (0.2, 0.76, 0.16),
    ):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 5)) + rng.uniform(0, 1)
        ring = np.stack([np.cos(angle), np.sin(angle)], 1) * rng.uniform(0.7, 1, (5, 1))
        piece = np.clip(np.array([x, y]) + reach * ring, 0.01, 0.99)
        pieces.append(piece)
        board.fill(piece, colour * rng.uniform(0.8, 1.5))
        board.line(np.concatenate([piece, piece[:1]]), colour * 0.4, 0.02)
        middle = piece.mean(0)
        board.line([middle, (piece[0] + middle) / 2], (250, 255, 250), 0.02, 0.9)
    board.light(3.0 * grain(rng, size, size))
    return Patch(board.rgb, board.alpha(*pieces), 0.88, 0.02)
