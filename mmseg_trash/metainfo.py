"""Class names, palette and ignore index: the only place where they stand."""

import re
from collections.abc import Sequence

IGNORE_INDEX = 255
"""Label of the pixels that neither losses nor metrics look at."""

CLASSES: tuple[str, ...] = (
    'Background',
    'General trash',
    'Paper',
    'Paper pack',
    'Metal',
    'Glass',
    'Plastic',
    'Styrofoam',
    'Plastic bag',
    'Battery',
    'Clothing',
)
"""The eleven classes of cohorts 2 to 4; the index is the label."""

PALETTE: list[tuple[int, int, int]] = [
    (0, 0, 0),
    (192, 0, 128),
    (0, 128, 192),
    (0, 128, 64),
    (128, 0, 0),
    (64, 0, 128),
    (64, 0, 192),
    (192, 128, 64),
    (192, 192, 128),
    (64, 64, 128),
    (128, 0, 192),
]
"""The official palette, RGB, one colour per class."""

NUM_CLASSES = len(CLASSES)

UNKNOWN = 'UNKNOWN'
"""The extra class of the first cohort."""

IGNORED = 'Ignored'
"""Category of regions that have the ignore index, in files of pseudo labels."""

CLASSES_COHORT1: tuple[str, ...] = (CLASSES[0], UNKNOWN, *CLASSES[1:])
PALETTE_COHORT1: list[tuple[int, int, int]] = [
    PALETTE[0],
    (128, 128, 128),
    *PALETTE[1:],
]

METAINFO = dict(classes=CLASSES, palette=PALETTE)
METAINFO_COHORT1 = dict(classes=CLASSES_COHORT1, palette=PALETTE_COHORT1)

ALIASES: dict[str, str] = {'Backgroud': 'Background'}
"""Names seen in public files (the organiser's own misspelling) and what they mean."""


def normalise(name: str) -> str:
    """Return the name without case, blanks, hyphens, underscores and misspellings."""
    plain = {_key(k): _key(v) for k, v in ALIASES.items()}
    return plain.get(_key(name), _key(name))


def _key(name: str) -> str:
    return re.sub(r'[\s_-]+', '', name.casefold()) or name.casefold()


def background_label(classes: Sequence[str]) -> int | None:
    """Return the label of the class that is no object, however it is spelt.

    Args:
        classes: Names of the classes; the index is the label.

    Returns:
        The label; None where no class is the background.
    """
    names = [normalise(name) for name in classes]
    background = normalise(CLASSES[0])
    return names.index(background) if background in names else None
