"""Ground for the toy scenes to lie on: float32 RGB images (size, size, 3)."""

from collections.abc import Callable

import cv2
import numpy as np

from .canvas import jitter
from .textures import clouds, grain

Background = Callable[[np.random.Generator, int], np.ndarray]


def _tone(rng: np.random.Generator, tones: list[tuple[int, int, int]]) -> np.ndarray:
    """Choose a ground's tone and vary its hue a little."""
    return jitter(rng, tones[rng.integers(len(tones))], 7)


def _tinted(tone: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return cv2.merge([factor.astype(np.float32) * value for value in tone])


def asphalt(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw coarse dark asphalt, now and then with a crack or a painted line."""
    unit = size / 512
    stones = cv2.GaussianBlur(grain(rng, size, size), (0, 0), max(0.9 * unit, 0.4))
    factor = 1 + 0.34 * stones + 0.12 * clouds(rng, size, size, size / 3)
    image = _tinted(_tone(rng, [(84, 85, 88), (98, 97, 95), (70, 72, 76)]), factor)
    if rng.random() < 0.4:
        walk = np.cumsum(rng.normal(0, 0.03, 24)) + rng.uniform(0.2, 0.8)
        points = np.stack([np.linspace(0, 1, 24), walk], 1)[:, :: rng.choice([-1, 1])]
        fixed = np.round(points * size * 16).astype(np.int32)
        width = max(1, round(3 * unit))
        cv2.polylines(image, [fixed], False, (36, 36, 38), width, cv2.LINE_AA, 4)
    return image


def concrete(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw stained grey concrete with pores and a joint."""
    factor = 1 + 0.12 * clouds(rng, size, size, size / 2.5, 5)
    factor += 0.035 * grain(rng, size, size)
    pores = clouds(rng, size, size, max(size / 60, 2), 1) > 0.93
    factor -= 0.18 * pores
    if rng.random() < 0.5:
        row = int(rng.uniform(0.1, 0.9) * size)
        width = max(1, size // 110)
        factor[row : row + width] *= 0.62
        factor[row + width : row + 2 * width] *= 1.08
    return _tinted(
        _tone(rng, [(160, 156, 148), (146, 147, 148), (172, 164, 150)]), factor
    )


def pavers(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw paving stones in staggered rows, each with its own tone."""
    rows = int(rng.integers(4, 8))
    step = size / rows
    width = step * rng.choice([1.0, 2.0])
    line = np.arange(size, dtype=np.float32)
    row = (line / step).astype(np.intp)
    # two patterns of columns, which the rows take in turn
    shifted = np.stack([line, line + width / 2]) / width
    column = shifted.astype(np.intp)
    tones = rng.uniform(0.86, 1.1, 256).astype(np.float32)
    factor = tones[(row[:, None] * 37 + column[row % 2] * 11) % 256]
    along = np.minimum(line % step, step - line % step)
    across = width * np.abs(shifted - np.round(shifted))
    joint = size / 150
    factor *= np.clip(0.55 + 0.45 * along / joint, 0.55, 1)[:, None]
    factor *= np.clip(0.55 + 0.45 * across / joint, 0.55, 1)[row % 2]
    factor += 0.06 * grain(rng, size, size) + 0.05 * clouds(rng, size, size, size / 5)
    return _tinted(
        _tone(rng, [(150, 118, 104), (140, 138, 134), (158, 140, 116)]), factor
    )


def tiles(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw floor tiles with grout and a slight gloss."""
    step = size / rng.uniform(2.5, 5)
    offset = rng.uniform(0, step, 2)
    line = np.arange(size, dtype=np.float32)
    grid = [(line + shift) % step for shift in offset]
    joint = max(size / 130, 1.2)
    gaps = [np.minimum(value, step - value) for value in grid]
    edge = np.minimum(gaps[0][:, None], gaps[1][None, :])
    tone = _tone(rng, [(184, 176, 160), (130, 150, 152), (170, 150, 130)])
    factor = 1 + 0.07 * clouds(rng, size, size, size / 6, 4)
    factor += 0.012 * grain(rng, size, size)
    image = _tinted(tone, factor)
    alpha = np.clip(joint - edge + 0.5, 0, 1)
    return image * cv2.merge([1 - alpha] * 3) + _tinted(tone * 0.62, alpha)


def grass(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw a lawn of many blades."""
    unit = size / 512
    patches = clouds(rng, size, size, size / 4)
    tone = jitter(rng, (62, 92, 40), 8)
    image = _tinted(tone, 0.78 + 0.16 * patches)
    count = 1600
    root = rng.uniform(-0.02, 1.02, (count, 2)) * size
    angle = rng.normal(-np.pi / 2, 0.8, count)
    length = rng.uniform(10, 34, count) * unit
    light = rng.integers(0, 6, count)
    tip = root + np.stack([np.cos(angle), np.sin(angle)], 1) * length[:, None]
    ends = np.round(np.stack([root, tip], 1) * 16).astype(np.int32)
    for shade in range(6):
        colour = tone * (0.62 + 0.14 * shade) + (4 * shade, 3 * shade, 0)
        cv2.polylines(
            image,
            list(ends[light == shade]),
            False,
            tuple(map(float, colour)),
            max(1, round(1.6 * unit)),
            cv2.LINE_8,
            4,
        )
    return image * cv2.merge([1 + 0.1 * grain(rng, size, size)] * 3)


def sand(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw rippled sand."""
    warp = clouds(rng, size, size, size / 2.5)
    y = np.arange(size, dtype=np.float32)[:, None] / size
    ripples = np.sin(2 * np.pi * (rng.uniform(7, 14) * y + 0.9 * warp))
    factor = 1 + 0.05 * ripples + 0.075 * grain(rng, size, size)
    return _tinted(_tone(rng, [(196, 172, 132), (182, 160, 124)]), factor)


def wood(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw planks of a wooden table."""
    planks = int(rng.integers(3, 7))
    y = np.arange(size, dtype=np.float32)[:, None] / size
    plank = np.floor(y * planks).astype(np.intp)
    fibre = clouds(rng, size, size, size / 40, 3, 14)
    broad = clouds(rng, size, size, size / 5, 2, 3)
    rings = np.sin(2 * np.pi * (y * planks * 3 + 1.6 * broad))
    tones = rng.uniform(0.84, 1.12, planks + 1).astype(np.float32)
    factor = tones[plank] * (1 + 0.1 * fibre + 0.045 * rings)
    gap = np.abs(y * planks - np.round(y * planks)) * size / planks
    factor *= np.clip(0.35 + gap / max(size / 200, 1), 0.35, 1)
    image = _tinted(_tone(rng, [(150, 100, 60), (126, 84, 54), (172, 126, 82)]), factor)
    return np.rot90(image).copy() if rng.random() < 0.5 else image


def water(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw shallow water with caustic light."""
    first = clouds(rng, size, size, size / 6, 2, 2)
    second = clouds(rng, size, size, size / 8, 2, 2)
    light = np.exp(-((first / 0.14) ** 2)) + 0.7 * np.exp(-((second / 0.1) ** 2))
    factor = 0.82 + 0.2 * light + 0.12 * second
    image = _tinted(_tone(rng, [(66, 112, 122), (58, 98, 96), (72, 104, 130)]), factor)
    return image + cv2.merge([26 * light] * 3)


def soil(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw earth with pebbles and dry leaves' crumbs."""
    unit = size / 512
    factor = 1 + 0.2 * clouds(rng, size, size, size / 9, 4)
    factor += 0.12 * grain(rng, size, size)
    tone = _tone(rng, [(112, 88, 66), (96, 80, 64), (124, 104, 80)])
    image = _tinted(tone, factor)
    for _ in range(70):
        x, y = (rng.uniform(0, size, 2) * 16).astype(int)
        rx, ry = (rng.uniform(1.2, 5, 2) * unit * 16).astype(int) + 8
        colour = tuple(map(float, tone * rng.uniform(0.6, 1.5)))
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(
            image,
            (int(x), int(y)),
            (int(rx), int(ry)),
            turn,
            0,
            360,
            colour,
            -1,
            cv2.LINE_8,
            4,
        )
    return image


BACKGROUNDS: tuple[Background, ...] = (
    asphalt,
    concrete,
    pavers,
    tiles,
    grass,
    sand,
    wood,
    water,
    soil,
)
"""Every kind of ground; a scene takes one at random."""
