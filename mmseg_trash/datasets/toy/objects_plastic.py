"""Plastic and styrofoam."""

import numpy as np

from .canvas import Painter, Patch, blob, circle, jitter, pick, rounded
from .lathe import lathe
from .textures import beads, clouds, grain

BRIGHT = [(40, 130, 226), (20, 176, 206), (236, 84, 160), (232, 60, 60), (250, 190, 30)]
CAPS = [(40, 110, 220), (240, 240, 240), (220, 50, 50), (40, 160, 90)]


def pet_bottle(rng: np.random.Generator, size: int) -> Patch:
    """Draw a clear ribbed bottle with a coloured cap and a label."""
    height, width = size, int(size * rng.uniform(0.32, 0.38))
    profile = [
        (0.01, 0.19),
        (0.085, 0.19),
        (0.09, 0.15),
        (0.12, 0.16),
        (0.3, 0.46),
        (0.36, 0.47),
        (0.55, 0.44),
        (0.7, 0.47),
        (0.94, 0.47),
        (0.985, 0.38),
    ]
    body = lathe(height, width, profile, bulge=0.018, smooth=0.014)
    clear = pick(rng, [(196, 218, 234), (204, 222, 230), (184, 212, 236)])
    board = Painter(height, width, clear)
    ribs = 1 + 0.1 * np.sin(body.v * (2 * np.pi * 17))
    edge = np.clip(np.abs(body.u), 0, 1)
    board.shade(ribs * (1.08 - 0.38 * edge**4))
    water = rng.uniform(0.5, 1.0)
    board.blend(0.25 * body.band(water, 1.0), (120, 160, 200))
    label = pick(rng, BRIGHT)
    board.blend(0.95 * body.band(0.4, 0.62), label)
    board.blend(body.band(0.45, 0.52) * body.stripe(-0.75, 0.55), (250, 250, 250))
    board.blend(body.band(0.56, 0.575) * body.stripe(-0.6, 0.4), (250, 250, 250))
    board.blend(
        0.5 * body.stripe(-0.62, -0.42) * body.band(0.28, 0.93), (255, 255, 255)
    )
    board.blend(0.3 * body.stripe(0.45, 0.7) * body.band(0.62, 0.93), (255, 255, 255))
    cap = pick(rng, CAPS)
    knurl = 1 + 0.1 * np.sin(body.u * 24)
    board.blend(body.band(0.0, 0.075), np.multiply.outer(cap, knurl * body.roundness()))
    solid = np.maximum(body.band(0.4, 0.62), body.band(0.0, 0.075))
    opacity = np.maximum(0.66 + 0.3 * edge**3, solid).clip(0, 1)
    return Patch(board.rgb, body.alpha, opacity.astype(np.float32), 0.07)


def detergent(rng: np.random.Generator, size: int) -> Patch:
    """Draw a bottle of household plastic: saturated body, other cap, label."""
    height, width = size, int(size * rng.uniform(0.44, 0.54))
    colour = pick(rng, BRIGHT)
    profile = [
        (0.01, 0.14),
        (0.14, 0.16),
        (0.145, 0.2),
        (0.2, 0.22),
        (0.32, 0.44),
        (0.6, 0.47),
        (0.95, 0.45),
        (0.99, 0.4),
    ]
    body = lathe(height, width, profile, bulge=0.022, smooth=0.03)
    board = Painter(height, width, colour)
    board.blend(body.band(0.44, 0.82) * body.stripe(-0.78, 0.78), (246, 244, 238))
    other = pick(rng, BRIGHT)
    board.blend(body.band(0.5, 0.64) * body.stripe(-0.6, 0.6), other)
    board.blend(body.band(0.68, 0.71) * body.stripe(-0.5, 0.5), (120, 120, 130))
    board.blend(body.band(0.0, 0.13), pick(rng, CAPS))
    board.shade(body.roundness(ambient=0.55))
    board.blend(0.45 * body.stripe(-0.6, -0.42) * body.band(0.28, 0.9), (255, 255, 255))
    return Patch(board.rgb, body.alpha, height=0.08)


def plastic_cup(rng: np.random.Generator, size: int) -> Patch:
    """Draw a clear cup of iced coffee with a domed lid and a straw."""
    height, width = size, int(size * rng.uniform(0.5, 0.58))
    profile = [
        (0.16, 0.2),
        (0.22, 0.4),
        (0.3, 0.46),
        (0.32, 0.48),
        (0.34, 0.44),
        (0.98, 0.3),
    ]
    body = lathe(height, width, profile, bulge=0.03)
    board = Painter(height, width, (206, 220, 230))
    edge = np.clip(np.abs(body.u), 0, 1)
    drink = pick(rng, [(120, 74, 40), (226, 150, 60), (228, 120, 130), (170, 200, 90)])
    board.blend(0.8 * body.band(rng.uniform(0.45, 0.75), 0.97), drink)
    board.shade(1.06 - 0.34 * edge**4)
    board.blend(0.8 * body.band(0.29, 0.315), (250, 250, 252))
    board.blend(0.55 * body.stripe(-0.62, -0.4) * body.band(0.2, 0.92), (255, 255, 255))
    straw = np.array([(0.52, 0.28), (0.66, 0.02), (0.72, 0.02), (0.58, 0.28)])
    tint = pick(rng, BRIGHT)
    board.fill(straw, tint)
    board.line([straw[0], straw[1]], (255, 255, 255), 0.008, 0.7)
    alpha = np.maximum(body.alpha, board.alpha(straw))
    opacity = (0.72 + 0.25 * edge**3).clip(0, 1).astype(np.float32)
    return Patch(board.rgb, alpha, opacity, 0.08)


def lid(rng: np.random.Generator, size: int) -> Patch:
    """Draw a round lid from above with pressed rings and a hole for a straw."""
    colour = pick(rng, [*BRIGHT, (214, 226, 238), (40, 42, 48)])
    board = Painter(size, size, colour)
    for radius, tone in ((0.44, 0.78), (0.41, 1.15), (0.32, 0.84), (0.29, 1.08)):
        board.fill(circle(0.5, 0.5, radius), np.clip(colour * tone, 0, 255))
    board.fill(circle(0.5, 0.5, 0.05, 0.03), (30, 30, 32))
    board.fill(circle(0.34, 0.3, 0.12, 0.05), (255, 255, 255), 0.5)
    board.fill(circle(0.68, 0.72, 0.1, 0.03), (255, 255, 255), 0.35)
    return Patch(board.rgb, board.alpha(circle(0.5, 0.5, 0.48, count=60)), height=0.03)


def food_box(rng: np.random.Generator, size: int) -> Patch:
    """Draw a coloured food container with a pressed rim and glossy walls."""
    height, width = int(size * rng.uniform(0.66, 0.8)), size
    aspect = width / height
    colour = pick(rng, [*BRIGHT, (44, 46, 52)])
    board = Painter(height, width, np.clip(colour * 1.08, 0, 255))
    board.fill(rounded(0.06, 0.08, 0.94, 0.92, 0.09, aspect), colour * 0.62)
    board.fill(rounded(0.12, 0.16, 0.88, 0.84, 0.07, aspect), colour * 0.86)
    board.fill([(0.5, 0.18), (0.52, 0.18), (0.52, 0.82), (0.5, 0.82)], colour * 0.6)
    for x in (0.18, 0.58):
        gleam = [(x, 0.24), (x + 0.1, 0.24), (x + 0.02, 0.7), (x - 0.03, 0.7)]
        board.fill(gleam, (255, 255, 255), 0.3)
    outline = rounded(0.02, 0.02, 0.98, 0.98, 0.11, aspect)
    board.line(np.concatenate([outline, outline[:1]]), colour * 0.5 + 120, 0.012)
    return Patch(board.rgb, board.alpha(outline), height=0.06)


def _foam(rng: np.random.Generator, board: Painter, size: int) -> None:
    height, width = board.height, board.width
    texture = beads(rng, height, width, max(size / 30, 3.2))
    board.shade(0.97 + 0.06 * texture + 0.02 * clouds(rng, height, width, size / 3))


def foam_box(rng: np.random.Generator, size: int) -> Patch:
    """Draw a box of foamed polystyrene: three faces, thick walls, beads."""
    height, width = int(size * rng.uniform(0.72, 0.85)), size
    white = jitter(rng, (250, 251, 254), 3)
    board = Painter(height, width, white)
    depth = rng.uniform(0.34, 0.48)
    board.fill([(0.03, depth), (0.72, depth), (0.72, 0.98), (0.03, 0.98)], white * 0.9)
    board.fill([(0.72, depth), (0.97, 0.03), (0.97, 0.64), (0.72, 0.98)], white * 0.76)
    inner = [(0.13, depth - 0.05), (0.67, depth - 0.05), (0.85, 0.09), (0.32, 0.09)]
    if rng.random() < 0.7:
        board.fill(inner, white * 0.66)
        board.fill(
            [inner[0], inner[1], (0.7, depth - 0.12), (0.17, depth - 0.12)],
            white * 0.74,
        )
    _foam(rng, board, size)
    outline = [
        (0.03, depth),
        (0.26, 0.03),
        (0.97, 0.03),
        (0.97, 0.64),
        (0.72, 0.98),
        (0.03, 0.98),
    ]
    return Patch(board.rgb, board.alpha(outline), height=0.09)


def foam_tray(rng: np.random.Generator, size: int) -> Patch:
    """Draw a shallow foam tray with a wide soft rim."""
    height, width = int(size * rng.uniform(0.6, 0.78)), size
    aspect = width / height
    colour = pick(rng, [(248, 250, 254), (248, 250, 254), (246, 226, 230)])
    board = Painter(height, width, colour)
    board.fill(rounded(0.08, 0.1, 0.92, 0.9, 0.12, aspect), colour * 0.76)
    board.fill(rounded(0.13, 0.17, 0.87, 0.85, 0.1, aspect), colour * 0.93)
    for y in np.linspace(0.3, 0.7, 4):
        board.line([(0.22, y), (0.78, y)], colour * 0.8, 0.014, 0.8)
    if rng.random() < 0.4:
        board.fill(0.3 + 0.4 * blob(rng, 0.3), (186, 70, 40), 0.35)
    _foam(rng, board, size)
    return Patch(
        board.rgb,
        board.alpha(rounded(0.02, 0.02, 0.98, 0.98, 0.14, aspect)),
        height=0.05,
    )


def foam_chunk(rng: np.random.Generator, size: int) -> Patch:
    """Draw broken pieces of packing foam: coarse beads, ragged edge, a thick side."""
    board = Painter(size, size, jitter(rng, (246, 248, 250), 5))
    if rng.random() < 0.4:
        first = 0.02 + 0.56 * blob(rng, 0.3, 12)
        second = 0.52 + 0.44 * blob(rng, 0.3, 12)
        pieces = [first, second]
    else:
        pieces = [blob(rng, 0.32, 14)]
    alpha = board.alpha(*pieces)
    board.shade(0.8)
    for piece in pieces:
        board.fill(piece - (0.03, 0.05), jitter(rng, (246, 248, 252), 3))
    texture = beads(rng, size, size, max(size / 18, 3.5))
    board.shade(0.94 + 0.085 * texture)
    board.light(2.0 * grain(rng, size, size))
    return Patch(board.rgb, alpha, height=0.05)
