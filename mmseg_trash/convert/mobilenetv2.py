"""MobileNetV2: torchvision's layouts, the older one too, to timm's."""

import re

from ..errors import CheckpointError
from .common import Rules, State, leave_out, rename, stripped

# Blocks of each stage (Sandler et al. 2018, arXiv:1801.04381, table 2).
_STAGES = (1, 2, 3, 4, 3, 3, 1)
_PLACES = [(stage, i) for stage, n in enumerate(_STAGES) for i in range(n)]
# Layers of a block in timm's, the older and the newer layout of torchvision; the first
# block does not expand.
_FIRST_OLD = {'0': 'conv_dw', '1': 'bn1', '3': 'conv_pw', '4': 'bn2'}
_FIRST_NEW = {'0.0': 'conv_dw', '0.1': 'bn1', '1': 'conv_pw', '2': 'bn2'}
_OLD = {
    **{'0': 'conv_pw', '1': 'bn1', '3': 'conv_dw', '4': 'bn2'},
    **{'6': 'conv_pwl', '7': 'bn3'},
}
_NEW = {
    **{'0.0': 'conv_pw', '0.1': 'bn1', '1.0': 'conv_dw', '1.1': 'bn2'},
    **{'2': 'conv_pwl', '3': 'bn3'},
}
_CLASSIFIER = (r'classifier\..*',)


def _rules(new: bool) -> Rules:
    """Return rules from one of torchvision's layouts to timm's."""

    def block(match: re.Match[str]) -> str:
        number = int(match[1]) - 1
        stage, i = _PLACES[number]
        if number == 0:
            names = _FIRST_NEW if new else _FIRST_OLD
        else:
            names = _NEW if new else _OLD
        if match[2] not in names:
            raise CheckpointError(f'is no MobileNetV2: it has a tensor {match[0]}')
        return f'blocks.{stage}.{i}.{names[match[2]]}.{match[3]}'

    return [
        (r'features\.0\.0\.(\w+)', r'conv_stem.\1'),
        (r'features\.0\.1\.(\w+)', r'bn1.\1'),
        (r'features\.18\.0\.(\w+)', r'conv_head.\1'),
        (r'features\.18\.1\.(\w+)', r'bn2.\1'),
        (r'features\.(\d|1[0-7])\.conv\.([\d.]+)\.(\w+)', block),
    ]


def to_timm(state: State) -> State:
    """Convert a MobileNetV2 to timm's layout.

    Args:
        state: torchvision's ``mobilenet_v2`` (which smp uses), its older layout, where
            the layers of a block are counted through, or timm's ``mobilenetv2_100``;
            also with a prefix ``encoder.``, ``backbone.`` or ``model.``. The classifier
            is left out.

    Returns:
        Keys ``conv_stem.*``, ``bn1.*``, ``blocks.<stage>.<i>.*``, ``conv_head.*``,
        ``bn2.*``, without a prefix.

    Raises:
        CheckpointError: The tensors are no MobileNetV2's.
    """
    for prefix in ('encoder.', 'backbone.', 'model.'):
        state = stripped(state, prefix)
    state = leave_out(state, _CLASSIFIER)
    if 'conv_stem.weight' in state:
        return state
    new = 'features.1.conv.0.0.weight' in state
    return rename(state, _rules(new), 'MobileNetV2')


def for_encoder(state: State) -> State:
    """Convert to ``SMPEncoder`` with ``tu-mobilenetv2_100``; see :func:`to_timm`."""
    kept = leave_out(to_timm(state), (r'(?:conv_head|bn2)\..*',))
    return {f'encoder.model.{key}': value for key, value in kept.items()}
