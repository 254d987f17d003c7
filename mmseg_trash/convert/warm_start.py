"""Weights of another model as the start of a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import CheckpointError
from .common import State, resize_position_bias
from .fit import COMPUTED, TABLE, module_of
from .vit import resized

_UNCOUNTED = ('num_batches_tracked', COMPUTED)
_EXAMPLES = 3
# Classifiers, a row per class; those of masks have one more, for no object.
_CLASSIFIERS = ('conv_seg', 'class_predictor', 'cls_embed')
Classes = tuple[Sequence[str], Sequence[str]]


@dataclass
class WarmStart:
    """What a run takes from a checkpoint, by the names of the tensors.

    Attributes:
        state: A whole state dict of the model: the file's tensors, else its own.
        loaded: Taken as they are.
        resized: Tables of positions and patch embeddings, interpolated.
        skipped: In the file only, or of another shape there (with both shapes).
        new: Of the model, left as they are.
        kept_classes: Whose rows of the classifiers were taken by name, among the
            loaded; None where that was not asked for, or the classes are the same.
        new_classes: Whose rows are the model's own.
    """

    state: State = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    kept_classes: list[str] | None = None
    new_classes: list[str] = field(default_factory=list)

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
        if self.kept_classes is not None:
            kept = len(self.kept_classes)
            fresh = f', new: {", ".join(self.new_classes)}' if self.new_classes else ''
            lines.append(
                f'classifier: {kept} of {kept + len(self.new_classes)} rows kept by '
                f'the name of their class{fresh}'
            )
        shapes = [f'{key}: {why}' for key, why in self.skipped.items() if why]
        lines += [f'other shape: {line}' for line in shapes[:_EXAMPLES]]
        if len(shapes) > _EXAMPLES:
            lines.append(f'other shape: {len(shapes) - _EXAMPLES} more')
        return '\n'.join(lines)


def warm_start(
    state: State,
    own: State,
    backbone: str = 'backbone.',
    classes: Classes | None = None,
) -> WarmStart:
    """Match the tensors of a checkpoint with a model's, without any demand.

    What has the same name and shape is taken, position tables and patch embeddings of
    other sizes are interpolated, and everything else stays as the model has it: another
    head, the classifier of other classes. Of that, rows are taken whose classes have
    the same name, where the names are known. :func:`~mmseg_trash.convert.fit.fit` is
    the strict form.

    Args:
        state: Tensors of a segmentor under this project's names (mmseg's are the same),
            or of its backbone alone.
        own: The model's state dict.
        backbone: Prefix of the backbone's names in the model.
        classes: Names of the classes of the file and of the model, in order of their
            labels; None, or none of the file, keeps a classifier whole or not at all.

    Returns:
        What was found.

    Raises:
        CheckpointError: Nothing at all fits.
    """
    if not any(key in own for key in state) and any(backbone + k in own for k in state):
        state = {backbone + key: value for key, value in state.items()}
    result = WarmStart(state=dict(own))
    theirs, ours = map(list, classes or ((), ()))
    by_name = bool(theirs and ours) and theirs != ours
    for key, value in state.items():
        if key in own and value.is_floating_point():
            value = value.to(own[key].dtype)
        if key.endswith(_UNCOUNTED):
            if key in own and not key.endswith(COMPUTED):
                result.state[key] = value
        elif key not in own:
            result.skipped[key] = ''
        elif by_name and _is_classifier(key, value, own[key], theirs, ours):
            rows = _rows(value, own[key], theirs, ours)
            result.kept_classes = [name for name in ours if name in theirs]
            result.new_classes = [name for name in ours if name not in theirs]
            if rows is None:
                result.skipped[key] = ''
            else:
                result.loaded.append(key)
                result.state[key] = rows
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


def _is_classifier(
    key: str, value: Tensor, like: Tensor, theirs: list[str], ours: list[str]
) -> bool:
    """Return whether a tensor has a row per class, in the file and in the model."""
    more = len(value) - len(theirs) if value.ndim and like.ndim else -1
    return (
        key.split('.')[-2:][0] in _CLASSIFIERS
        and more in (0, 1)
        and len(like) - len(ours) == more
        and value.shape[1:] == like.shape[1:]
    )


def _rows(
    value: Tensor, like: Tensor, theirs: list[str], ours: list[str]
) -> Tensor | None:
    """Return a classifier with the rows of the classes that both know.

    A last row for no object is taken with them; None where no name agrees.
    """
    pairs = [(theirs.index(name), i) for i, name in enumerate(ours) if name in theirs]
    if not pairs:
        return None
    if len(value) > len(theirs):
        pairs.append((len(theirs), len(ours)))
    rows = like.clone()
    for source, target in pairs:
        rows[target] = value[source]
    return rows


def _resized(key: str, value: Tensor, like: Tensor) -> Tensor | None:
    """Return a table in a model's size, None if it is none or cannot be."""
    try:
        if key.endswith(TABLE) and value.shape[1:] == like.shape[1:]:
            return resize_position_bias(value, len(like))
        return resized(key, value, like)
    except CheckpointError:
        return None
