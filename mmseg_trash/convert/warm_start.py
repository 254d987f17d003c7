"""Weights of another model as the start of a run."""

from collections import Counter
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import CheckpointError
from .common import State, resize_position_bias
from .fit import COMPUTED, TABLE, module_of
from .vit import resized

_UNCOUNTED = ('num_batches_tracked', COMPUTED)
_EXAMPLES = 3


@dataclass
class WarmStart:
    """What a run takes from a checkpoint, by the names of the tensors.

    Attributes:
        state: A whole state dict of the model: the file's tensors, else its own.
        loaded: Taken as they are.
        resized: Tables of positions and patch embeddings, interpolated.
        skipped: In the file only, or of another shape there (with both shapes).
        new: Of the model, left as they are.
    """

    state: State = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return a table, one line per module, and what was skipped for its shape."""
        kinds = (self.loaded, self.resized, self.skipped, self.new)
        counts = [Counter(map(module_of, names)) for names in kinds]
        modules = sorted(set().union(*counts))
        width = max(map(len, [*modules, 'all']))
        head = ' '.join(
            f'{name:>7}' for name in ('loaded', 'resized', 'skipped', 'new')
        )
        lines = [f'{"module":{width}} {head}']
        for name in modules:
            row = ' '.join(f'{count[name]:7d}' for count in counts)
            lines.append(f'{name:{width}} {row}')
        row = ' '.join(f'{len(names):7d}' for names in kinds)
        lines.append(f'{"all":{width}} {row}')
        shapes = [f'{key}: {why}' for key, why in self.skipped.items() if why]
        lines += [f'other shape: {line}' for line in shapes[:_EXAMPLES]]
        if len(shapes) > _EXAMPLES:
            lines.append(f'other shape: {len(shapes) - _EXAMPLES} more')
        return '\n'.join(lines)


def warm_start(state: State, own: State, backbone: str = 'backbone.') -> WarmStart:
    """Match the tensors of a checkpoint with a model's, without any demand.

    What has the same name and shape is taken, position tables and patch embeddings of
    other sizes are interpolated, and everything else stays as the model has it: the
    classifier of other classes, another head. :func:`~mmseg_trash.convert.fit.fit` is
    the strict form.

    Args:
        state: Tensors of a segmentor under this project's names (mmseg's are the same),
            or of its backbone alone.
        own: The model's state dict.
        backbone: Prefix of the backbone's names in the model.

    Returns:
        What was found.

    Raises:
        CheckpointError: Nothing at all fits.
    """
    if not any(key in own for key in state) and any(backbone + k in own for k in state):
        state = {backbone + key: value for key, value in state.items()}
    result = WarmStart(state=dict(own))
    for key, value in state.items():
        if key.endswith(_UNCOUNTED):
            if key in own and not key.endswith(COMPUTED):
                result.state[key] = value
        elif key not in own:
            result.skipped[key] = ''
        elif value.shape == own[key].shape:
            result.loaded.append(key)
            result.state[key] = value
        elif (table := _resized(key, value, own[key])) is not None:
            result.resized.append(key)
            result.state[key] = table
        else:
            shapes = (tuple(value.shape), tuple(own[key].shape))
            result.skipped[key] = '{} in the file, {} in the model'.format(*shapes)
    taken = {*result.loaded, *result.resized}
    result.new = [k for k in own if k not in taken and not k.endswith(_UNCOUNTED)]
    if not taken:
        raise CheckpointError(
            f'none of its {len(state)} tensors fits the model; weights in another '
            'layout are converted by tools/convert_checkpoint.py'
        )
    return result


def _resized(key: str, value: Tensor, like: Tensor) -> Tensor | None:
    """Return a table in a model's size, None if it is none or cannot be."""
    try:
        if key.endswith(TABLE) and value.shape[1:] == like.shape[1:]:
            return resize_position_bias(value, len(like))
        return resized(key, value, like)
    except CheckpointError:
        return None
