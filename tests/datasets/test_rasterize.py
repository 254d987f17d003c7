"""Three rules for overlaps, held against loops over pixels."""

import itertools

import numpy as np
import pycocotools.mask as coco_mask
import pytest

from mmseg_trash.datasets.rasterize import RULES, Region, make_region, paint

HEIGHT, WIDTH = 31, 37


def slow_map(objects: list[dict], rule: str, ignore: int = 255) -> np.ndarray:
    """Decide each pixel by itself: among its objects, who wins?"""
    result = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y, x in itertools.product(range(HEIGHT), range(WIDTH)):
        winner = None
        for place, item in enumerate(objects):
            if not item['pixels'][y, x]:
                continue
            rank = {
                'area': (-item['area'], place),
                'class_id': (-1 if item['label'] == ignore else item['label'], place),
                'vertices': (item['vertices'], place),
            }[rule]
            if winner is None or rank > winner[0]:
                winner = (rank, item['label'])
        if winner:
            result[y, x] = winner[1]
    return result


def random_objects(seed: int) -> list[dict]:
    """Return overlapping objects as polygons and both kinds of run-length code."""
    rng = np.random.default_rng(seed)
    objects = []
    for number in range(9):
        polygons = []
        for _ in range(rng.integers(1, 3)):
            centre = rng.uniform(0, [WIDTH, HEIGHT])
            angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
            ring = np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(4, 14)
            polygons.append((centre + ring).ravel().tolist())
        rles = coco_mask.frPyObjects(polygons, HEIGHT, WIDTH)
        pixels = np.zeros((HEIGHT, WIDTH), bool)
        for rle in rles:
            pixels |= coco_mask.decode(rle).astype(bool)
        segmentation: object = polygons
        if number % 3 == 1:
            code = coco_mask.encode(np.asfortranarray(pixels, np.uint8))
            segmentation = dict(size=code['size'], counts=code['counts'].decode())
        elif number % 3 == 2:
            flat = np.r_[0, pixels.T.ravel().astype(int), 2]
            edges = np.flatnonzero(np.diff(flat)) if flat[1] == 0 else None
            starts = np.flatnonzero(np.diff(pixels.T.ravel().astype(int))) + 1
            counts = np.diff([0, *starts, pixels.size]).tolist()
            counts = counts if edges is not None else [0, *counts]
            segmentation = dict(size=[HEIGHT, WIDTH], counts=counts)
        label = int(rng.choice([1, 2, 3, 4, 255]))
        area = float(rng.integers(1, 4) * 50)  # ties on purpose
        vertices = int(rng.integers(3, 6))
        objects.append(
            dict(
                label=label,
                area=area,
                vertices=vertices,
                pixels=pixels,
                segmentation=segmentation,
            )
        )
    return objects


def regions_of(objects: list[dict]) -> list[Region]:
    """Rasterise the objects."""
    keys = ('label', 'segmentation', 'area', 'vertices')
    return [make_region(*(o[k] for k in keys), HEIGHT, WIDTH) for o in objects]


@pytest.mark.parametrize('rule', RULES)
@pytest.mark.parametrize('seed', range(5))
def test_rules_against_a_loop_over_pixels(rule: str, seed: int) -> None:
    objects = random_objects(seed)
    fast = paint(regions_of(objects), HEIGHT, WIDTH, rule)
    assert (fast == slow_map(objects, rule)).all()


def test_rules_differ_as_documented() -> None:
    def square(label: int, x: int, side: int, area: float, vertices: int) -> Region:
        return Region(label, area, vertices, (x, 0, side, 5), np.ones((5, side), bool))

    # A large object of the highest label, then a small one, then one of most vertices.
    regions = [square(8, 0, 9, 45, 4), square(2, 2, 5, 25, 5), square(5, 4, 9, 30, 9)]
    pixel = {rule: paint(regions, 5, 20, rule)[0, [0, 2, 5, 12]] for rule in RULES}
    assert pixel['area'].tolist() == [8, 2, 2, 5]
    assert pixel['class_id'].tolist() == [8, 8, 8, 5]
    assert pixel['vertices'].tolist() == [8, 2, 5, 5]


def test_ties_go_to_the_later_one() -> None:
    ones = np.ones((4, 4), bool)
    pair = [Region(label, 16.0, 4, (0, 0, 4, 4), ones) for label in (3, 1)]
    assert (paint(pair, 4, 4, 'area') == 1).all()
    assert (paint(pair, 4, 4, 'vertices') == 1).all()
    assert (paint(pair, 4, 4, 'class_id') == 3).all()


def test_rectangles_by_hand_and_clipping() -> None:
    polygon = [-5, -5, 10, -5, 10, 10, -5, 10]
    region = make_region(1, [polygon], None, 4, HEIGHT, WIDTH)
    assert region.box == (0, 0, 10, 10) and region.area == 100
    assert region.crop.all()
    far = [-1e9, -1e9, 10, -1e9, 10, 10, -1e9, 10]
    assert make_region(1, [far], None, 4, HEIGHT, WIDTH).box == (0, 0, 10, 10)
    everything = [-1e9, -1e9, 1e9, -1e9, 1e9, 1e9, -1e9, 1e9]
    assert make_region(1, [everything], None, 4, HEIGHT, WIDTH).crop.size == 31 * 37


def test_union_of_polygons_and_tight_box() -> None:
    pieces = [[1, 1, 4, 1, 4, 4, 1, 4], [20, 10, 30, 10, 30, 30, 20, 30]]
    region = make_region(1, pieces, None, 4, HEIGHT, WIDTH)
    assert region.box == (1, 1, 29, 29)
    assert region.crop.sum() == 9 + 200
    rng = np.random.default_rng(3)
    pixels = rng.random((HEIGHT, WIDTH)) < 0.01
    code = coco_mask.encode(np.asfortranarray(pixels, np.uint8))
    region = make_region(1, code, None, 0, HEIGHT, WIDTH)
    x, y, w, h = region.box
    assert (region.crop == pixels[y : y + h, x : x + w]).all()
    assert region.crop.sum() == pixels.sum()
    assert region.crop[0].any() and region.crop[-1].any()
    assert region.crop[:, 0].any() and region.crop[:, -1].any()


def test_nothing_to_see() -> None:
    region = make_region(1, [[3, 3, 3, 3, 3, 3]], None, 3, HEIGHT, WIDTH)
    assert region.area == 0 and region.box == (0, 0, 0, 0)
    assert not paint([region], HEIGHT, WIDTH).any()


def test_unknown_rule() -> None:
    with pytest.raises(ValueError, match="'sum'"):
        paint([], 4, 4, 'sum')
