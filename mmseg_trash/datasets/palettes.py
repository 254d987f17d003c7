"""Colours for classes of one's own."""

import colorsys
from collections.abc import Mapping
from typing import Any

from ..metainfo import CLASSES, METAINFO_COHORT1, PALETTE

_GOLDEN_RATIO = 0.618034


def complete_palette(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """Give classes without palette one.

    Args:
        metainfo: ``classes`` and ``palette`` may be missing.

    Returns:
        A copy with both. Classes of ours keep their official colour, others get
        distinct ones that depend on their place alone.

    Raises:
        ValueError: There is a palette of another length than the classes.
    """
    classes = tuple(metainfo.get('classes', CLASSES))
    palette = metainfo.get('palette')
    if palette is None:
        known = dict(zip(METAINFO_COHORT1['classes'], METAINFO_COHORT1['palette']))
        known.update(zip(CLASSES, PALETTE))
        palette = [known.get(name) or _colour(i) for i, name in enumerate(classes)]
    elif len(palette) != len(classes):
        raise ValueError(
            f'palette has {len(palette)} colours for {len(classes)} classes'
        )
    return {**metainfo, 'classes': classes, 'palette': list(palette)}


def _colour(number: int) -> tuple[int, int, int]:
    hue = number * _GOLDEN_RATIO % 1.0
    r, g, b = colorsys.hsv_to_rgb(hue, 0.55 + 0.4 * (number % 2), 0.95)
    return round(r * 255), round(g * 255), round(b * 255)
