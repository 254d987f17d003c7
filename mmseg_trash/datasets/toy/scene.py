"""Compose one toy scene: ground, objects, shadows, light."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from .backgrounds import BACKGROUNDS
from .catalogue import FILLED_BAG, Kind, choose_kind
from .placing import Placed, warp
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
        areas: Pixels each object covered when it was laid down.
    """

    image: np.ndarray
    owner: np.ndarray
    light: tuple[float, float]
    labels: list[int] = field(default_factory=list)
    areas: list[int] = field(default_factory=list)

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
    small = cv2.warpAffine(placed.alpha, matrix, target, flags=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(blur / step, 0.5))
    shade = cv2.resize(small, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    shade = shade[: y1 - y0, : x1 - x0, None]
    scene.image[y0:y1, x0:x1] *= 1 - 0.52 * shade


def _paint(scene: Scene, placed: Placed) -> None:
    region = scene.image[placed.box]
    region += (placed.rgb - region) * (placed.alpha * placed.opacity)[..., None]


def _claim(
    scene: Scene, inside: np.ndarray, box: tuple[slice, slice], label: int
) -> None:
    scene.owner[box][inside] = len(scene.labels)
    scene.labels.append(label)
    scene.areas.append(int(inside.sum()))


def _acceptable(
    scene: Scene, placed: Placed, overlap: float, host: np.ndarray | None
) -> bool:
    """Say whether an object may lie there without hiding others too much."""
    inside = placed.inside
    area = int(inside.sum())
    if area < max(12, 0.3 * placed.reach**2 * 0.25):
        return False
    if host is not None and (host[placed.box] & inside).sum() < 0.85 * area:
        return False
    under = scene.owner[placed.box][inside]
    under = under[under >= 0]
    if host is None and len(under) > overlap * area:
        return False
    for index, count in zip(*np.unique(under, return_counts=True)):
        visible = int((scene.owner == index).sum())
        if visible - count < FEWEST_VISIBLE * scene.areas[index]:
            return False
    return True


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
    angle = rng.uniform(-180, 180)
    places = np.argwhere(host[::4, ::4]) * 4 if host is not None else None
    for _ in range(TRIES):
        if places is not None:
            y, x = places[rng.integers(len(places))].astype(float)
        else:
            x, y = rng.uniform(0.06, 0.94, 2) * scene.size
        placed = warp(patch, (float(x), float(y)), reach, angle, scene.size)
        if placed is not None and _acceptable(scene, placed, overlap, host):
            return placed
    return None


def _lay(rng: np.random.Generator, scene: Scene, label: int, overlap: float) -> bool:
    """Draw one object of a label into the scene; False when no place was found."""
    placed = _place(rng, scene, choose_kind(rng, label), overlap)
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
        thing = _place(rng, scene, choose_kind(rng, label), 1.0, host)
        if thing is not None:
            _paint(scene, thing)
            _claim(scene, thing.inside, thing.box, label)
    _paint(scene, bag)
    return True


def _finish(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Light, lens and sensor: float32 RGB in, uint8 BGR out."""
    size = image.shape[0]
    side = np.linspace(-1, 1, size, dtype=np.float32)
    slope = rng.uniform(-0.16, 0.16, 2)
    light = 1 + slope[0] * side[None, :] + slope[1] * side[:, None]
    light -= rng.uniform(0.02, 0.12) * (side[None, :] ** 2 + side[:, None] ** 2)
    if rng.random() < 0.25:
        light *= 1 - 0.22 * np.clip(3 * clouds(rng, size, size, size / 1.5, 2), 0, 1)
    warm = rng.uniform(-0.06, 0.06)
    cast = np.array([1 + warm, 1.0, 1 - warm], np.float32) * rng.uniform(0.88, 1.12)
    image = image * light[..., None] * cast
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.35, 0.75))
    image += rng.uniform(1.0, 3.5) * grain(rng, size, size)[..., None]
    image = np.clip(image[..., ::-1], 0, 255)
    return np.ascontiguousarray(image.astype(np.uint8))


def draw_scene(
    rng: np.random.Generator,
    size: int,
    weights: np.ndarray,
    required: Sequence[int] = (),
    empty: bool = False,
) -> tuple[np.ndarray, Scene]:
    """Draw one scene.

    Args:
        rng: Source of everything in it.
        size: Side length in pixels.
        weights: Probability of each label 1 to 10.
        required: Labels that shall appear whatever the chance.
        empty: Draw the ground alone.

    Returns:
        The image, uint8 BGR (size, size, 3), and the scene with its ``owner`` and
        ``label_map``.
    """
    ground = BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))](rng, size)
    angle = rng.uniform(0, 2 * np.pi)
    light = (float(np.cos(angle)), float(np.sin(angle)))
    owner = np.full((size, size), -1, np.int16)
    scene = Scene(ground.astype(np.float32), owner, light)
    if empty:
        return _finish(rng, scene.image), scene
    goal = float(np.clip(rng.normal(0.32, 0.11), 0.1, 0.6))
    overlap = float(rng.choice([0.08, 0.25, 0.5]))
    labels = [int(label) + 1 for label in rng.choice(10, MOST_OBJECTS, p=weights)]
    if rng.random() < weights[BAG - 1] * 1.2:
        contents = labels[: int(rng.integers(2, 5))]
        _lay_filled_bag(rng, scene, [x for x in contents if x != BAG], overlap)
    for label in labels:
        if (owner >= 0).mean() >= goal:
            break
        _lay(rng, scene, label, overlap)
    for label in required:
        # last, hence on top and whole; a crowded scene may need more than one try
        while label not in scene.labels and not _lay(rng, scene, label, 0.6):
            overlap += 0.1
            if overlap > 1:
                break
    return _finish(rng, scene.image), scene
