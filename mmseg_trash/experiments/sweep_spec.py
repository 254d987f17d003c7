"""The file that describes a sweep."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from ..config import load_config
from ..errors import ConfigError
from ..overrides import check_overrides
from .job import Job
from .sweep_space import Range, Space, Values, example, number, read_space

METHODS = ('grid', 'optuna', 'ray')
CHOICES: dict[str, tuple[Any, ...]] = {
    'method': METHODS,
    'mode': ('max', 'min'),
    'sampler': ('tpe', 'random'),
    'checkpoint': ('last', 'best'),
}
OWNED = {
    'work_dir': 'every trial has a folder of its own',
    'randomness.seed': "the spec's key seed sets it",
}


@dataclass(frozen=True)
class Prune:
    """When an Optuna trial is cut short: worse than the median of the others.

    Attributes:
        startup: Finished trials before the first one is pruned.
        warmup: Iterations that every trial gets.
    """

    startup: int = 5
    warmup: int = 0


@dataclass(frozen=True)
class Spec:
    """A sweep.

    Attributes:
        file: Where it was read.
        config: The config that is varied.
        space: Dotted keys and what they may become.
        metric: Name of a metric of the evaluation, percent.
        mode: ``max`` or ``min``.
        method: ``grid``, ``optuna`` or ``ray``.
        sampler: ``tpe`` (Optuna's default) or ``random`` (Ray's only one).
        trials: How many to run; None is the whole grid.
        seed: Of the search and of every training.
        options: Dotted keys and values that all trials share.
        data_root: Folder of the data; None is the config's.
        fold: Fold to train on; None is the config's split.
        from_scratch: Leave out pretrained weights.
        amp: Mixed precision.
        checkpoint: ``last`` or ``best``: which one is evaluated.
        devices: Number of trials at a time, or one device for each of them.
        storage: Optuna's address; None is a file in the work_dir.
        work_dir: Folder of all trials; None is ``work_dirs/<name of the spec>_sweep``.
        prune: None prunes nothing.
    """

    file: Path
    config: str
    space: Space
    metric: str = 'mIoU'
    mode: str = 'max'
    method: str = 'grid'
    sampler: str | None = None
    trials: int | None = None
    seed: int = 42
    options: dict[str, Any] = field(default_factory=dict)
    data_root: str | None = None
    fold: int | None = None
    from_scratch: bool = False
    amp: bool = False
    checkpoint: str = 'last'
    devices: int | list[Any] = 1
    storage: str | None = None
    work_dir: str | None = None
    prune: Prune | None = None

    @property
    def folder(self) -> Path:
        """Where everything is written."""
        return Path(self.work_dir or f'work_dirs/{self.file.stem}_sweep')

    def job(self, params: Mapping[str, Any]) -> Job:
        """Return the training of a trial; the same values have the same folder."""
        text = json.dumps(dict(params), sort_keys=True)
        name = f'trial_{hashlib.sha256(text.encode()).hexdigest()[:10]}'
        options = {**self.options, **params}
        if self.prune is not None:
            cfg = load_config(self.config, options).to_dict()
            hook = dict(type='TrialPruneHook', metric=self.metric)
            options['custom_hooks'] = [*(cfg.get('custom_hooks') or []), hook]
        return Job(
            self.config,
            str(self.folder / name),
            seed=self.seed,
            fold=self.fold,
            data_root=self.data_root,
            options=options,
            from_scratch=self.from_scratch,
            amp=self.amp,
            checkpoint=self.checkpoint,
        )

    def better(self, one: float, other: float) -> bool:
        """Say whether one value of the metric is better than another."""
        return one > other if self.mode == 'max' else one < other


def read_spec(file: Path, work_dir: str | None = None) -> Spec:
    """Read and check a spec; every key is held against the config.

    Args:
        file: The YAML file.
        work_dir: In place of the spec's.

    Raises:
        FileNotFoundError: There is no such file, or not the config that it names.
        ConfigError: It is not a spec; the message names file, key, value and what was
            expected.
    """
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such sweep file')
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'{file}: is no YAML: {error}') from error
    if not isinstance(content, dict):
        raise ConfigError(f'{file}: is {content!r}; expected keys and values')
    known = [f.name for f in fields(Spec) if f.name != 'file']
    unknown = [key for key in content if key not in known]
    if unknown:
        raise ConfigError(
            f'{file}: no such key: {unknown[0]!r}; expected {", ".join(known)}'
        )
    values = {k: v for k, v in content.items() if v is not None}
    for key in ('config', 'space'):
        if key not in values:
            raise ConfigError(f'{file}: lacks the key {key!r}')
    if work_dir is not None:
        values['work_dir'] = work_dir
    _check_types(file, values)
    values['space'] = read_space(values['space'], str(file))
    values['options'] = number(values.get('options', {}))
    values['prune'] = _prune(file, values.get('prune', False))
    config = Path(values['config'])
    if not config.is_file() and (file.parent / config).is_file():
        values['config'] = str(file.parent / config)
    spec = Spec(file, **values)
    _check_method(spec)
    _check_keys(spec)
    return spec


def _check_types(file: Path, values: dict[str, Any]) -> None:
    kinds: dict[str, tuple[type, str]] = {
        **dict.fromkeys(('config', 'metric', 'storage'), (str, 'a word')),
        **dict.fromkeys(('data_root', 'work_dir'), (str, 'a folder')),
        **dict.fromkeys(('trials', 'seed', 'fold'), (int, 'an integer')),
        **dict.fromkeys(('amp', 'from_scratch'), (bool, 'true or false')),
        'options': (dict, 'dotted keys and values'),
    }
    for key, value in values.items():
        if key in CHOICES and value not in CHOICES[key]:
            names = ', '.join(CHOICES[key])
            raise ConfigError(f'{file}: {key} is {value!r}; expected one of {names}')
        kind, name = kinds.get(key, (object, ''))
        wrong = not isinstance(value, kind)
        if wrong or (kind is int and isinstance(value, bool)):
            raise ConfigError(f'{file}: {key} is {value!r}; expected {name}')
    if values.get('trials', 1) < 1:
        raise ConfigError(f'{file}: trials is {values["trials"]}; expected 1 or more')
    devices = values.get('devices', 1)
    count = len(devices) if isinstance(devices, list) else devices
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ConfigError(
            f'{file}: devices is {devices!r}; expected a number from 1, or a list as '
            '[0, 1, cpu]'
        )


def _prune(file: Path, value: Any) -> Prune | None:
    if isinstance(value, bool):
        return Prune() if value else None
    names = [f.name for f in fields(Prune)]
    good = isinstance(value, dict) and all(
        key in names and type(item) is int and item >= 0 for key, item in value.items()
    )
    if not good:
        raise ConfigError(
            f'{file}: prune is {value!r}; expected true, false or {{startup: trials, '
            'warmup: iterations}'
        )
    return Prune(**value)


def _check_method(spec: Spec) -> None:
    ranges = [key for key, part in spec.space.items() if isinstance(part, Range)]
    if spec.method == 'grid' and ranges:
        raise ConfigError(
            f'{spec.file}: space.{ranges[0]} is a range; method grid expected [values]'
        )
    if spec.method != 'grid' and spec.trials is None:
        raise ConfigError(
            f'{spec.file}: lacks the key trials, which method {spec.method} expects'
        )
    if spec.method == 'ray' and spec.sampler == 'tpe':
        raise ConfigError(f'{spec.file}: sampler is tpe; method ray expected random')
    if spec.method != 'optuna' and (spec.prune or spec.storage):
        key = 'prune' if spec.prune else 'storage'
        raise ConfigError(f'{spec.file}: {key} expects method optuna')


def _check_keys(spec: Spec) -> None:
    """Hold the keys against the config, with every value of the lists once."""
    cfg = load_config(spec.config)
    lists = [len(p.values) for p in spec.space.values() if isinstance(p, Values)]
    for place in range(max(lists, default=1)):
        chosen = {key: example(part, place) for key, part in spec.space.items()}
        for part, options in (('options', spec.options), ('space', chosen)):
            for key in options:
                if key in OWNED:
                    raise ConfigError(f'{spec.file}: {part}.{key}: {OWNED[key]}')
        try:
            check_overrides(cfg._cfg_dict, {**spec.options, **chosen})
        except ConfigError as error:
            text = str(error).removeprefix('--cfg-options ')
            raise ConfigError(f'{spec.file}: {text}') from error
