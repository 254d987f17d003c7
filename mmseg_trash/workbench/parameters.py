"""The parameters of a transform, as numbers that a slider can have."""

import copy
import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError
from .playground import Recipe, Step, transform_class

ALBUMENTATIONS = 'Albumentations'
KINDS = ('bool', 'int', 'float', 'range', 'text')
_HIDDEN = {'self', 'ignore_index', 'pool_size', 'refresh', 'kwargs', 'args', 'type'}
_STOCK = ('PhotoMetricDistortion', 'RandomCutOut', 'RandomRotate', 'CLAHE', 'RGB2Gray')
_NO_STEPS = ('FastPack', 'Load', ALBUMENTATIONS)
# They ask for boxes, volumes or further images, which no step of ours hands them.
_UNFIT = {
    *('BBoxSafeRandomCrop', 'ConstrainedCoarseDropout', 'CubicSymmetry', 'FDA'),
    *('FromFloat', 'HistogramMatching', 'MaskDropout', 'Mosaic', 'OverlayElements'),
    *('PixelDistributionAdaptation', 'RandomCropNearBBox'),
}
# Without one of their sizes they do nothing but fail.
_SIZES: dict[str, Step] = {
    'Crop': dict(x_max=96, y_max=96),
    'CropAndPad': dict(percent=0.1),
    'LongestMaxSize': dict(max_size=512),
    'SmallestMaxSize': dict(max_size=512),
}
_MISSING = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One value of a step.

    Attributes:
        path: Keys from the step's dict down to the value.
        value: What it is now.
        kind: One of `KINDS`; ``range`` is two numbers, ``text`` any Python literal.
        low: Least value that a slider offers.
        high: Greatest.
        fixed: Whether it stands in the step's dict; else it is the default.
    """

    path: tuple[str | int, ...]
    value: Any
    kind: str
    low: float = 0.0
    high: float = 1.0
    fixed: bool = False

    @property
    def name(self) -> str:
        """The path without what is the same for all."""
        return '.'.join(str(key) for key in self.path if key != 'transforms')


def parameters(step: Step) -> list[Parameter]:
    """List the parameters of a step: those of its dict and the defaults.

    Raises:
        ConfigError: The transform is not known.
    """
    if step.get('type') == ALBUMENTATIONS:
        library = _library()
        found = []
        for number, inner in enumerate(step.get('transforms', ())):
            kind = getattr(library, str(inner.get('type')), None)
            if kind is None:
                raise ConfigError(f'albumentations has no transform {inner!r}')
            found += _of(kind, inner, ('transforms', number))
        return found
    return _of(transform_class(str(step.get('type'))), step, ())


def _of(
    kind: Any, given: Mapping[str, Any], path: tuple[str | int, ...]
) -> list[Parameter]:
    values: dict[str, Any] = {}
    for cls in reversed(inspect.getmro(kind)):
        if '__init__' in vars(cls):
            signature = inspect.signature(vars(cls)['__init__'])
            values |= {
                name: parameter.default
                for name, parameter in signature.parameters.items()
                if parameter.default is not _MISSING
            }
    accepted = set(inspect.signature(kind).parameters)
    passes_on = any(
        parameter.kind is inspect.Parameter.VAR_KEYWORD
        for parameter in inspect.signature(kind).parameters.values()
    )
    values = {k: v for k, v in values.items() if passes_on or k in accepted}
    values |= given
    return [
        _describe((*path, name), value, name in given)
        for name, value in values.items()
        if name not in _HIDDEN and (path == () or name != 'mask_interpolation')
    ]


def _describe(path: tuple[str | int, ...], value: Any, fixed: bool) -> Parameter:
    name = str(path[-1])
    if isinstance(value, bool):
        return Parameter(path, value, 'bool', fixed=fixed)
    share = name == 'p' or 'prob' in name
    if isinstance(value, int) and not share:
        return Parameter(path, value, 'int', min(0, 2 * value), _above(value), fixed)
    if isinstance(value, (int, float)):
        high = 1.0 if share or (0 <= value <= 1 and 'ratio' in name) else _above(value)
        low = min(0.0, 2 * float(value))
        return Parameter(path, float(value), 'float', low, high, fixed)
    if (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(v, (int, float)) and type(v) is not bool for v in value)
        and value[0] <= value[1]
        and not (isinstance(value[0], int) and ('size' in name or name == 'scale'))
    ):
        number = int if all(isinstance(v, int) for v in value) else float
        ends = number(value[0]), number(value[1])
        low = min(number(0), 2 * ends[0])
        return Parameter(path, ends, 'range', low, _above(ends[1]), fixed)
    return Parameter(path, value, 'text', fixed=fixed)


def _above(value: float) -> float:
    """Return an end of the slider that leaves room above a value."""
    if isinstance(value, int):
        return max(10, 2 * value)
    return max(1.0, 2.0 * value)


def with_value(step: Step, path: Sequence[str | int], value: Any) -> Step:
    """Return a copy of a step with one value changed.

    Two numbers stay a list or tuple, and integers, as they were.
    """
    changed = copy.deepcopy(step)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    old = node.get(path[-1]) if isinstance(node, dict) else node[path[-1]]
    if isinstance(old, (list, tuple)) and isinstance(value, (list, tuple)):
        value = type(old)(value)
    node[path[-1]] = value
    return changed


def addable() -> list[str]:
    """Return the names of the transforms that can be added, albumentations' last."""
    from .. import transforms

    own = [name for name in transforms.__all__ if not name.startswith(_NO_STEPS)]
    return [*own, *_STOCK, *(f'{ALBUMENTATIONS}: {n}' for n in _library_names())]


def new_step(name: str, recipe: Recipe) -> Step:
    """Return a step with what it needs; sizes are those of the recipe's other steps.

    Args:
        name: One of `addable`.
        recipe: Where values without default are sought.

    Raises:
        ConfigError: A value is needed that no other step has.
    """
    if name.startswith(f'{ALBUMENTATIONS}: '):
        inner: Step = dict(type=name.split(': ', 1)[1], p=1.0)
        inner.update(_SIZES.get(inner['type'], {}))
        return dict(type=ALBUMENTATIONS, transforms=[inner])
    step: Step = dict(type=name)
    known = dict(RandomCutOut=dict(prob=1.0, n_holes=4, cutout_ratio=(0.1, 0.3)))
    known['RandomRotate'] = dict(prob=1.0, degree=20.0, seg_pad_val=255)
    known['FastResize'] = dict(scale=(512, 512))
    step.update(known.get(name, {}))
    for key, parameter in inspect.signature(transform_class(name)).parameters.items():
        simple = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        if parameter.default is not _MISSING or not simple or key in step:
            continue
        values = [other[key] for other in recipe.steps if key in other]
        if not values:
            raise ConfigError(f'{name} needs {key!r}, which no step of the config has')
        step[key] = values[0]
    return step


def _library() -> Any:
    os.environ.setdefault('NO_ALBUMENTATIONS_UPDATE', '1')
    try:
        import albumentations
    except ImportError as error:
        raise ConfigError(
            'Albumentations needs the library: pip install albumentations==2.0.8'
        ) from error
    return albumentations


def _library_names() -> list[str]:
    """Return the transforms of albumentations that need no further argument."""
    try:
        library = _library()
    except ConfigError:
        return []
    bases = (library.DualTransform, library.ImageOnlyTransform)
    return sorted(
        name
        for name, kind in vars(library).items()
        if inspect.isclass(kind)
        and issubclass(kind, bases)
        and kind not in bases
        and not name.startswith('Base')
        and not name.endswith('3D')
        and name not in _UNFIT
        and all(
            parameter.default is not _MISSING or parameter.kind.name.startswith('VAR')
            for parameter in inspect.signature(kind).parameters.values()
        )
    )
