"""How deep in a backbone a parameter stands."""

import re
from collections.abc import Iterable

# Names of blocks, with the number of the stage (if there are stages) and of the block.
# The order counts: MiT keeps its blocks at layers.{stage}.1.{block}.
_BLOCKS = (
    r'layers\.(\d+)\.1\.(\d+)\.',  # MiT
    r'(?:stages|levels)\.(\d+)\.blocks\.(\d+)\.',  # Swin; DiNAT and NAT
    r'stages\.(\d+)\.(\d+)\.',  # ConvNeXt
    r'(?:layers|blocks)\.()(\d+)\.(?!\d)',  # plain transformers
)
# What comes before the first block of a stage, and after its last.
_OPENING = (r'downsample_layers\.(\d+)\.', r'layers\.(\d+)\.0\.')
_CLOSING = (
    r'(?:stages|levels)\.(\d+)\.downsample\.',
    r'layers\.(\d+)\.2\.',
    r'norm(\d)\.',
)


def _matched(patterns: Iterable[str], name: str) -> re.Match[str] | None:
    return next((m for p in patterns if (m := re.match(p, name))), None)


def layer_depths(names: Iterable[str]) -> dict[str, int]:
    """Return the depth of each parameter of a backbone.

    The embedding, with tokens and positions, has depth 0; block i of all stages, from
    0, has depth i + 1. What opens a stage is as deep as the stage's first block, what
    closes it (the way to the next, an output's norm) as its last; everything else that
    stands behind the first block is as deep as the last block of all.

    Args:
        names: All parameters of a ViT (mmseg's, DINOv2, DINOv3, BEiT), Swin, MiT,
            DiNAT or ConvNeXt, in the order of the model, without a prefix.

    Returns:
        Names to depths; the highest depth is the number of blocks.

    Raises:
        ValueError: No name is known as a block's.
    """
    names = list(names)
    found = {name: m for name in names if (m := _matched(_BLOCKS, name))}
    staged = any(m[1] for m in found.values())
    places = {name: (int(m[1] or 0), int(m[2])) for name, m in found.items()}
    depths = {place: i + 1 for i, place in enumerate(sorted(set(places.values())))}
    if not depths:
        raise ValueError(f'no blocks are known among {names[:3]} and so on')
    result: dict[str, int] = {}
    behind = False
    for name in names:
        if name in places:
            behind = True
            result[name] = depths[places[name]]
            continue
        opening, closing = _matched(_OPENING, name), _matched(_CLOSING, name)
        if staged and (match := opening or closing):
            stage = [d for (s, _), d in depths.items() if s == int(match[1])]
            result[name] = min(stage) if opening else max(stage)
            if opening and int(match[1]) == 0:
                result[name] = 0
        else:
            result[name] = len(depths) if behind else 0
    return result
