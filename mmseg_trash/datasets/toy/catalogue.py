"""Which objects there are for each label, how often and how large."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import objects_misc as misc
from . import objects_packs as packs
from . import objects_paper as paper
from . import objects_plastic as plastic
from . import objects_soft as soft
from . import objects_vessels as vessels
from .canvas import Patch

INSTANCES = (2782, 9311, 659, 562, 610, 3090, 1343, 7643, 63, 177)
"""Annotations of the labels 1 to 10 in the competition's train_all.json."""

Drawer = Callable[[np.random.Generator, int], Patch]


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        draw: Draws it at a given size in pixels (longer side).
        weight: How often it is taken among the kinds of its label.
        reach: Smallest and largest longer side, relative to the image's side.
    """

    draw: Drawer
    weight: float
    reach: tuple[float, float]


FILLED_BAG = Kind(soft.filled_bag, 0, (0.42, 0.68))
"""A bag with things in it; scenes treat it apart."""

CATALOGUE: dict[int, tuple[Kind, ...]] = {
    1: (
        Kind(misc.cigarette, 1.0, (0.12, 0.24)),
        Kind(misc.tissue, 1.2, (0.16, 0.3)),
        Kind(misc.banana_peel, 1.0, (0.22, 0.38)),
        Kind(misc.apple_core, 0.8, (0.14, 0.24)),
        Kind(misc.face_mask, 1.0, (0.2, 0.36)),
    ),
    2: (
        Kind(paper.sheet, 1.2, (0.26, 0.5)),
        Kind(paper.newspaper, 0.9, (0.34, 0.58)),
        Kind(paper.crumpled_sheet, 0.7, (0.16, 0.32)),
        Kind(paper.cardboard, 1.2, (0.3, 0.56)),
        Kind(paper.paper_bag, 0.7, (0.3, 0.5)),
        Kind(paper.pizza_box, 0.5, (0.3, 0.46)),
    ),
    3: (
        Kind(packs.milk_carton, 1.2, (0.28, 0.46)),
        Kind(packs.paper_cup, 1.0, (0.2, 0.34)),
        Kind(packs.juice_box, 0.7, (0.24, 0.38)),
    ),
    4: (
        Kind(vessels.drink_can, 1.4, (0.22, 0.38)),
        Kind(vessels.food_tin, 0.8, (0.18, 0.32)),
        Kind(vessels.bottle_cap, 0.35, (0.08, 0.15)),
        Kind(vessels.foil_tray, 0.7, (0.24, 0.4)),
    ),
    5: (
        Kind(vessels.glass_bottle, 1.6, (0.36, 0.58)),
        Kind(vessels.jar, 1.0, (0.22, 0.36)),
        Kind(vessels.glass_shards, 0.3, (0.2, 0.32)),
    ),
    6: (
        Kind(plastic.pet_bottle, 1.5, (0.34, 0.54)),
        Kind(plastic.detergent, 0.7, (0.26, 0.42)),
        Kind(plastic.plastic_cup, 1.0, (0.26, 0.4)),
        Kind(plastic.lid, 0.5, (0.13, 0.24)),
        Kind(plastic.food_box, 0.7, (0.26, 0.42)),
    ),
    7: (
        Kind(plastic.foam_box, 1.0, (0.3, 0.52)),
        Kind(plastic.foam_tray, 0.9, (0.26, 0.44)),
        Kind(plastic.foam_chunk, 0.6, (0.16, 0.36)),
    ),
    8: (
        Kind(soft.plastic_bag, 1.6, (0.3, 0.6)),
        Kind(soft.snack_packet, 0.6, (0.22, 0.38)),
    ),
    9: (
        Kind(misc.battery, 1.0, (0.24, 0.36)),
        Kind(misc.battery_pair, 0.7, (0.24, 0.34)),
    ),
    10: (
        Kind(soft.shirt, 1.0, (0.42, 0.62)),
        Kind(soft.sock, 0.7, (0.26, 0.42)),
        Kind(soft.shoe, 0.8, (0.3, 0.46)),
    ),
}


def choose_kind(rng: np.random.Generator, label: int, most: int | None = None) -> Kind:
    """Choose one of a label's kinds by weight.

    Args:
        rng: Source of the choice.
        label: The label, 1 to 10.
        most: Choose among so many of the commonest kinds; None among all.
    """
    kinds = sorted(CATALOGUE[label], key=lambda kind: -kind.weight)[:most]
    weights = np.array([kind.weight for kind in kinds])
    return kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]


def label_weights(imbalance: float) -> np.ndarray:
    """Give the probability of each label 1 to 10.

    Args:
        imbalance: 1 for the competition's frequencies, 0 for even ones.

    Returns:
        Float64 (10,), sum 1.
    """
    weights = np.array(INSTANCES, np.float64) ** imbalance
    return weights / weights.sum()
