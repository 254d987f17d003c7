"""Compose one toy scene: ground, objects, shadows, light."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from .backgrounds import BACKGROUNDS
from .catalogue import FILLED_BAG, Kind, choose_kind
from .placing import Placed, slide, turn
from .textures import clouds, grain

LARGEST_PATCH = 380
TRIES = 6
FEWEST_VISIBLE = 0.4
MOST_OBJECTS = 24
BAG = 8


@dataclass
class Scene:
    """A scene under construction, and its label map.

    Attributes:
        image: Float32 RGB (size, size, 3), 0 to 255.
        owner: Int16 (size, size): index of the object seen there, -1 for background.
        labels: Label of each object.
        light: Direction in which shadows fall.
        kinds: Kinds of object per label, None for all.
        areas: Pixels each object covered when it was laid down.
        visible: Pixels of each object that are still seen.
    """

    image: np.ndarray
    owner: np.ndarray
    light: tuple[float, float]
    kinds: int | None = None
    labels: list[int] = field(default_factory=list)
    areas: list[int] = field(default_factory=list)
    visible: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Side length in pixels."""
        return self.image.shape[0]

    @property
    def label_map(self) -> np.ndarray:
        """Uint8 (size, size): the label drawn at each pixel, 0 for background."""
        table = np.array([*self.labels, 0], np.uint8)
        return table[self.owner]


def _shadow(scene: Scene, placed: Placed) -> None:
    """Darken the ground beside an object, away from the light."""
    size = scene.size
    blur = max(placed.reach * placed.height * 0.7, size / 200)
    pad = int(3 * blur) + 2
    dx, dy = (value * placed.reach * placed.height * 1.3 for value in scene.light)
    rows, columns = placed.box
    y0, y1 = max(rows.start - pad, 0), min(rows.stop + pad, size)
    x0, x1 = max(columns.start - pad, 0), min(columns.stop + pad, size)
    step = 4 if size >= 256 else 1
    target = ((x1 - x0) // step + 1, (y1 - y0) // step + 1)
    matrix = np.array(
        [
            [1 / step, 0, (columns.start - x0 + dx) / step],
            [0, 1 / step, (rows.start - y0 + dy) / step],
        ]
    )
    small = cv2.warpAffine(placed.alpha, matrix, target)
    small = cv2.GaussianBlur(small, (0, 0), max(blur / step, 0.5))
    factor: np.ndarray = 1 - small * np.float32(0.52 / 255)
    factor = cv2.resize(factor, None, fx=step, fy=step)[: y1 - y0, : x1 - x0]
    scene.image[y0:y1, x0:x1] *= cv2.merge([factor] * 3)


def _paint(scene: Scene, placed: Placed) -> None:
    region = scene.image[placed.box]
    region += (placed.rgb - region) * cv2.merge([placed.cover] * 3)


def _claim(
    scene: Scene, inside: np.ndarray, box: tuple[slice, slice], label: int
) -> None:
    """Enter an object into the label map."""
    under = scene.owner[box][inside]
    for index, count in zip(*np.unique(under[under >= 0], return_counts=True)):
        scene.visible[index] -= int(count)
    scene.owner[box][inside] = len(scene.labels)
    scene.labels.append(label)
    scene.areas.append(len(under))
    scene.visible.append(len(under))


def _acceptable(
    scene: Scene, placed: Placed, overlap: float, host: np.ndarray | None
) -> bool:
    """Say whether an object may lie there without hiding others too much."""
    inside = placed.inside
    area = int(np.count_nonzero(inside))
    if area < max(12, 0.075 * placed.reach**2):
        return False
    if host is not None:
        return bool((host[placed.box] & inside).sum() > 0.85 * area)
    under = scene.owner[placed.box][inside]
    under = under[under >= 0]
    if len(under) > overlap * area:
        return False
    return all(
        scene.visible[index] - count >= FEWEST_VISIBLE * scene.areas[index]
        for index, count in zip(*np.unique(under, return_counts=True))
    )


def _place(
    rng: np.random.Generator,
    scene: Scene,
    kind: Kind,
    overlap: float,
    host: np.ndarray | None = None,
) -> Placed | None:
    """Draw an object and look for a place for it; None when there is none."""
    reach = rng.uniform(*kind.reach) * scene.size
    if host is not None:
        reach = min(reach, 0.5 * float(np.sqrt(host.sum())))
    patch = kind.draw(rng, int(np.clip(reach * 1.15, 24, LARGEST_PATCH)))
    turned = turn(patch, reach, rng.uniform(-180, 180))
    places = np.argwhere(host[::4, ::4]) * 4 if host is not None else None
    for _ in range(TRIES):
        if places is not None:
            y, x = places[rng.integers(len(places))]
        else:
            x, y = rng.uniform(0.06, 0.94, 2) * scene.size
        placed = slide(turned, float(x), float(y), scene.size)
        if placed is not None and _acceptable(scene, placed, overlap, host):
            return placed
    return None


def _lay(rng: np.random.Generator, scene: Scene, label: int, overlap: float) -> bool:
    """Draw one object of a label into the scene; False when no place was found."""
    placed = _place(rng, scene, choose_kind(rng, label, scene.kinds), overlap)
    if placed is None:
        return False
    _shadow(scene, placed)
    _paint(scene, placed)
    _claim(scene, placed.inside, placed.box, label)
    return True


def _lay_filled_bag(
    rng: np.random.Generator, scene: Scene, contents: Sequence[int], overlap: float
) -> bool:
    """Lay a translucent bag with things in it, which are labelled on top of it."""
    bag = _place(rng, scene, FILLED_BAG, overlap)
    if bag is None:
        return False
    _shadow(scene, bag)
    _claim(scene, bag.inside, bag.box, BAG)
    host = scene.owner == len(scene.labels) - 1
    for label in contents:
        thing = _place(rng, scene, choose_kind(rng, label, scene.kinds), 1.0, host)
        if thing is not None:
            _paint(scene, thing)
            _claim(scene, thing.inside, thing.box, label)
    _paint(scene, bag)
    return True


def _finish(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Light, lens and sensor: float32 RGB in, uint8 BGR out."""
    size = image.shape[0]
    coarse = max(size // 8, 16)
    side = np.linspace(-1, 1, coarse, dtype=np.float32)
    slope = rng.uniform(-0.16, 0.16, 2)
    light = 1 + slope[0] * side[None, :] + slope[1] * side[:, None]
    light -= rng.uniform(0.02, 0.1) * (side[None, :] ** 2 + side[:, None] ** 2)
    if rng.random() < 0.25:
        shade = clouds(rng, coarse, coarse, coarse / 1.5, 2)
        light *= 1 - 0.22 * np.clip(3 * shade, 0, 1)
    light *= rng.uniform(0.92, 1.16)
    warm = rng.uniform(-0.05, 0.05)
    gain = cv2.merge([light * (1 + warm), light, light * (1 - warm)]).astype(np.float32)
    gain = cv2.resize(gain, (size, size))
    lit = cv2.multiply(image, gain, dtype=cv2.CV_8U)
    lit = cv2.GaussianBlur(lit, (3, 3), rng.uniform(0.3, 0.7))
    noise = grain(rng, size, size) * np.float32(rng.uniform(1.0, 3.5))
    lit = cv2.add(lit, cv2.merge([noise] * 3), dtype=cv2.CV_8U)
    return cv2.cvtColor(lit, cv2.COLOR_RGB2BGR)


def draw_scene(
    rng: np.random.Generator,
    size: int,
    weights: np.ndarray,
    required: Sequence[int] = (),
    empty: bool = False,
    kinds: int | None = None,
) -> tuple[np.ndarray, Scene]:
    """Draw one scene.

    Args:
        rng: Source of everything in it.
        size: Side length in pixels.
        weights: Probability of each label 1 to 10.
        required: Labels that shall appear whatever the chance.
        empty: Draw the ground alone.
        kinds: Kinds of object per label, the commonest ones; None for all.

    Returns:
        The image, uint8 BGR (size, size, 3), and the scene with its ``owner`` and
        ``label_map``.
    """
    ground = BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))](rng, size)
    angle = rng.uniform(0, 2 * np.pi)
    light = (float(np.cos(angle)), float(np.sin(angle)))
    owner = np.full((size, size), -1, np.int16)
    scene = Scene(ground.astype(np.float32), owner, light, kinds)
    if empty:
        return _finish(rng, scene.image), scene
    goal = float(np.clip(rng.normal(0.3, 0.1) - 0.03 * len(required), 0.03, 0.55))
    overlap = float(rng.choice([0.08, 0.25, 0.5]))
    labels = [int(label) + 1 for label in rng.choice(10, MOST_OBJECTS, p=weights)]
    if rng.random() < weights[BAG - 1] * 1.2:
        contents = labels[: int(rng.integers(2, 5))]
        _lay_filled_bag(rng, scene, [x for x in contents if x != BAG], overlap)
    for label in labels:
        if sum(scene.visible) >= goal * size * size:
            break
        _lay(rng, scene, label, overlap)
    for label in required:
        # last, hence on top and whole; a crowded scene may need more than one try
        while label not in scene.labels and not _lay(rng, scene, label, 0.6):
            overlap += 0.1
            if overlap > 1:
                break
    return _finish(rng, scene.image), scene
