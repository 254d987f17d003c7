"""Fitting of converted weights to a config's model."""

import re
from collections import Counter
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import CheckpointError
from .common import State, first, leave_out, resize_position_bias
from .vit import resized

# Layers with one row per class (or per class and "no object").
_CLASSIFIER = re.compile(
    r'.*\b(?:conv_seg|class_predictor|class_embed|cls_embed|label_enc|linear_pred|'
    r'classifier|mlp_cls_[qk]|mlp_v)\.(?:weight|bias)'
)
COMPUTED = 'relative_position_index'
TABLE = 'relative_position_bias_table'


@dataclass
class Fit:
    """What of a state dict fits a model.

    Attributes:
        state: The tensors for the model, under its names.
        loaded: Names that were taken as they are.
        resized: Names of tables that were interpolated for another window or image,
            and of patch embeddings that were resampled for other patches.
        new: Names of the model that start anew: modules that the file does not have,
            and classifiers of other classes.
    """

    state: State = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def table(self) -> list[str]:
        """Return one line per module: tensors loaded, resized and new."""
        kinds = (self.loaded, self.resized, self.new)
        counts = [Counter(map(module_of, names)) for names in kinds]
        modules = sorted(set().union(*counts))
        width = max(map(len, [*modules, 'module']))
        lines = [f'{"module":{width}} loaded resized    new']
        for name in modules:
            row = ' '.join(f'{count[name]:6d} ' for count in counts)
            lines.append(f'{name:{width}} {row}'.rstrip())
        return lines


def module_of(key: str) -> str:
    """Return the first two words of a name: the part of the model it belongs to."""
    return '.'.join(key.split('.')[:2]) if '.' in key else key


def _kind(key: str) -> str:
    """Return a name that layers of one sort share."""
    return re.sub(r'\d+', '#', key)


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def fit(state: State, own: State, backbone: str = 'backbone.') -> Fit:
    """Fit converted weights to a model.

    A classifier with other classes starts anew. Tables of positions are interpolated,
    patch embeddings resampled. A whole module that the file does not have starts anew
    as well; a single layer that it does not have is an error, since the model is then
    deeper. An auxiliary head that only the file has is left out.

    Args:
        state: Converted tensors, of a whole segmentor or of its backbone alone.
        own: The model's state dict; its values are used for computed tables only.
        backbone: Prefix of the backbone's names in the model.

    Returns:
        What fits, with the model's own computed tables.

    Raises:
        CheckpointError: Names unknown to the model, other shapes, missing layers; the
            message shows the first of them.
    """
    if not any(key in own for key in state) and any(backbone + k in own for k in state):
        state = {backbone + key: value for key, value in state.items()}
    if not any(key.startswith('auxiliary_head.') for key in own):
        state = leave_out(state, [r'auxiliary_head\..*'])
    result = Fit()
    problems: list[str] = []
    for key, value in state.items():
        if key not in own:
            problems.append(f'{key}: unknown to the model')
        elif value.shape == own[key].shape:
            result.loaded.append(key)
            result.state[key] = value
        elif key.endswith(TABLE) and value.shape[1:] == own[key].shape[1:]:
            result.resized.append(key)
            result.state[key] = resize_position_bias(value, len(own[key]))
        elif (table := resized(key, value, own[key])) is not None:
            result.resized.append(key)
            result.state[key] = table
        elif _CLASSIFIER.fullmatch(key):
            result.new.append(key)
        else:
            shapes = f'{_shape(value)} in the file, {_shape(own[key])} in the model'
            problems.append(f'{key}: {shapes}')
    kinds = {_kind(key) for key in state}
    for key, value in own.items():
        if key.endswith(COMPUTED):
            result.state[key] = value
        elif key not in state and _kind(key) in kinds:
            problems.append(f'{key}: missing in the file')
        elif key not in state:
            result.new.append(key)
    if problems:
        raise CheckpointError(f'does not fit the config: {first(problems)}')
    return result
