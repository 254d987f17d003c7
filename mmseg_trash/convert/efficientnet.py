"""EfficientNet and EfficientNet-Lite: three layouts of one network, each to each.

* timm's, blocks counted within seven stages;
* lukemelas' EfficientNet-PyTorch, which smp uses, blocks counted through;
* mmpretrain's, where stages of one stride are one layer.
"""

import math
import re
from collections.abc import Mapping

from ..errors import CheckpointError
from .common import Rules, State, first, leave_out, rename, stripped

_REPEATS = (1, 2, 2, 3, 3, 4, 1)
_DEPTHS = (1.0, 1.1, 1.4, 1.8, 2.2, 2.6, 3.1, 3.6)  # B2 is as deep as B1
# Lite1 and Lite2, Lite3, Lite4: the first and the last stage keep their depth.
_LITE_DEPTHS = (1.1, 1.4, 1.8)


def _scaled(depth: float, repeats: tuple[int, ...] = _REPEATS) -> list[int]:
    return [math.ceil(depth * n) for n in repeats]


# Blocks of each stage, by their total, which no two of them share.
_STAGES = {
    sum(depths): depths
    for depths in (
        *(_scaled(depth) for depth in _DEPTHS),
        *([1, *_scaled(depth, _REPEATS[1:-1]), 1] for depth in _LITE_DEPTHS),
    )
}
# Our layer of mmpretrain for each of the seven stages.
_LAYERS = (1, 2, 3, 4, 4, 5, 5)

# The parts of a block: here, in timm's first stage, which does not expand, in timm's
# others, in lukemelas' and in mmpretrain's layout.
_NAMES = """
expand.conv   -               conv_pw         _expand_conv     expand_conv.conv
expand.bn     -               bn1             _bn0             expand_conv.bn
depth.conv    conv_dw         conv_dw         _depthwise_conv  depthwise_conv.conv
depth.bn      bn1             bn2             _bn1             depthwise_conv.bn
reduce        se.conv_reduce  se.conv_reduce  _se_reduce       se.conv1.conv
widen         se.conv_expand  se.conv_expand  _se_expand       se.conv2.conv
project.conv  conv_pw         conv_pwl        _project_conv    linear_conv.conv
project.bn    bn2             bn3             _bn2             linear_conv.bn
"""
_PARTS, _TIMM_FIRST, _TIMM, _LUKEMELAS, _MMPRETRAIN = (
    list(names) for names in zip(*map(str.split, _NAMES.strip().splitlines()))
)
_ENDS = ('stem.conv', 'stem.bn', 'head.conv', 'head.bn')
_TIMM_ENDS = ('conv_stem', 'bn1', 'conv_head', 'bn2')
_LUKEMELAS_ENDS = ('_conv_stem', '_bn0', '_conv_head', '_bn1')
_MMPRETRAIN_ENDS = ('layers.0.conv', 'layers.0.bn', 'layers.6.conv', 'layers.6.bn')
# The classifier.
LEFT_OUT = (r'(?:_fc|classifier|head\.fc)\.(?:weight|bias)',)
_HEAD = (r'head\..*',)


def _rules(ends: tuple[str, ...], blocks: Mapping[str, list[str]]) -> Rules:
    """Return rules from a layout to stem, head and ``blocks.<place>.<part>``."""
    rules: list[tuple[str, str]] = [
        (rf'{re.escape(theirs)}\.(\w+)', rf'{ours}.\1')
        for theirs, ours in zip(ends, _ENDS)
    ]
    for place, names in blocks.items():
        for theirs, ours in zip(names, _PARTS):
            pattern = rf'{place}\.{re.escape(theirs)}\.(\w+)'
            rules.append((pattern, rf'blocks.\1.{ours}.\2'))
    return rules


_FROM_TIMM = _rules(
    _TIMM_ENDS,
    {r'blocks\.(0\.\d+)': _TIMM_FIRST, r'blocks\.([1-9]\.\d+)': _TIMM},
)
_FROM_LUKEMELAS = _rules(_LUKEMELAS_ENDS, {r'_blocks\.(\d+)': _LUKEMELAS})
_FROM_MMPRETRAIN = _rules(_MMPRETRAIN_ENDS, {r'layers\.([1-5]\.\d+)': _MMPRETRAIN})
_BLOCK = re.compile(r'blocks\.([\d.]+?)\.([a-z].*)')


def _read(state: State) -> State:
    """Return stem, head and blocks under common names, the blocks counted through."""
    for prefix in ('encoder.', 'backbone.', 'model.', 'timm_model.'):
        state = stripped(state, prefix)
    state = leave_out(state, LEFT_OUT)
    if '_conv_stem.weight' in state:
        state = rename(state, _FROM_LUKEMELAS, 'EfficientNet (lukemelas)')
    elif 'layers.0.conv.weight' in state:
        state = rename(state, _FROM_MMPRETRAIN, 'EfficientNet (mmpretrain)')
    else:
        state = rename(state, _FROM_TIMM, 'EfficientNet')
    found = {key: _BLOCK.fullmatch(key) for key in state}
    places = {m[1]: tuple(map(int, m[1].split('.'))) for m in found.values() if m}
    number = {
        place: i for i, place in enumerate(sorted(places, key=places.__getitem__))
    }
    return {
        f'blocks.{number[m[1]]}.{m[2]}' if (m := found[key]) else key: value
        for key, value in state.items()
    }


def _stages(state: State) -> list[tuple[int, int]]:
    """Return stage and number within it for each block.

    Raises:
        CheckpointError: None from B0 to B8 and Lite0 to Lite4 has that many blocks.
    """
    count = len({m[1] for m in map(_BLOCK.fullmatch, state) if m})
    if count not in _STAGES:
        raise CheckpointError(
            f'is no EfficientNet: {count} blocks, not one of {sorted(_STAGES)}: '
            f'{first(state)}'
        )
    return [(stage, i) for stage, n in enumerate(_STAGES[count]) for i in range(n)]


def _written(state: State, ends: tuple[str, ...], blocks: list[list[str]]) -> State:
    """Return common names in a layout; ``blocks`` holds its names for each block."""
    names = dict(zip(_ENDS, ends))
    for i, parts in enumerate(blocks):
        names |= {f'blocks.{i}.{ours}': part for ours, part in zip(_PARTS, parts)}
    result: State = {}
    for key, value in state.items():
        stem, kind = key.rsplit('.', 1)
        result[f'{names[stem]}.{kind}'] = value
    return result


def _below(place: str, parts: list[str]) -> list[str]:
    return [f'{place}.{part}' for part in parts]


def to_timm(state: State) -> State:
    """Convert an EfficientNet to timm's layout, that of smp's ``timm-efficientnet-*``.

    Args:
        state: Any of the three layouts, also with a prefix ``encoder.`` or
            ``backbone.``. The classifier is left out.

    Returns:
        Keys ``conv_stem.*``, ``bn1.*``, ``blocks.<stage>.<i>.*``, ``conv_head.*``,
        ``bn2.*``, without a prefix.

    Raises:
        CheckpointError: The tensors are no EfficientNet's.
    """
    state = _read(state)
    blocks = [
        _below(f'blocks.{stage}.{i}', _TIMM if stage else _TIMM_FIRST)
        for stage, i in _stages(state)
    ]
    return _written(state, _TIMM_ENDS, blocks)


def to_lukemelas(state: State) -> State:
    """Convert an EfficientNet to the layout of smp's ``efficientnet-*``.

    Args, Raises: See :func:`to_timm`.

    Returns:
        Keys ``_conv_stem.*``, ``_bn0.*``, ``_blocks.<i>.*``, ``_conv_head.*``,
        ``_bn1.*``, without a prefix.
    """
    state = _read(state)
    blocks = [_below(f'_blocks.{i}', _LUKEMELAS) for i in range(len(_stages(state)))]
    return _written(state, _LUKEMELAS_ENDS, blocks)


def convert(state: State) -> State:
    """Convert an EfficientNet to mmpretrain's layout, without its last convolution.

    Args, Raises: See :func:`to_timm`.

    Returns:
        Keys of ``TrimmedEfficientNet``, without a prefix.
    """
    state = leave_out(_read(state), _HEAD)
    blocks = []
    seen: dict[int, int] = {}
    for stage, _ in _stages(state):
        layer = _LAYERS[stage]
        i = seen.get(layer, 0)
        seen[layer] = i + 1
        blocks.append(_below(f'layers.{layer}.{i}', _MMPRETRAIN))
    return _written(state, _MMPRETRAIN_ENDS, blocks)


def _encoder(state: State) -> State:
    return {f'encoder.{key}': value for key, value in state.items()}


def for_encoder(state: State) -> State:
    """Convert to ``SMPEncoder`` with ``efficientnet-*``; see :func:`to_lukemelas`."""
    return _encoder(to_lukemelas(state))


def for_timm_encoder(state: State) -> State:
    """Convert to ``SMPEncoder`` with ``timm-efficientnet-*``; see :func:`to_timm`."""
    return _encoder(to_timm(state))


def for_lite_encoder(state: State) -> State:
    """Convert to ``SMPEncoder`` with ``tu-tf_efficientnet_lite*``, without the head.

    See :func:`to_timm`.
    """
    kept = leave_out(to_timm(state), (r'(?:conv_head|bn2)\..*',))
    return {f'encoder.model.{key}': value for key, value in kept.items()}
