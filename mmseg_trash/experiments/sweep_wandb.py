"""The same search for a W&B sweep; needs neither the library nor an account."""

import shlex
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from ..config import load_config
from ..errors import ConfigError
from ..fileio import atomic_write
from ..vis_backends.base import SCALARS
from .sweep_report import option
from .sweep_space import Range, Values
from .sweep_spec import Spec

PROGRAM = 'tools/train.py'
# mmengine's logs every scalar; ours, a chosen set.
EVERY, CHOSEN, REPLACED = (
    'WandbVisBackend',
    'ChosenWandbVisBackend',
    'TensorboardVisBackend',
)


def wandb_sweep(spec: Spec) -> dict[str, Any]:
    """Return a sweep configuration in W&B's format.

    Every agent's run trains by ``tools/train.py`` into a folder named by the run's id,
    with TensorBoard's backend changed for one of W&B that logs the metric. W&B does not
    evaluate the last checkpoint by itself: its metric is that of the validations while
    training.

    Raises:
        ConfigError: A value cannot be said by ``--cfg-options``, or the config has no
            backend that W&B can replace.
    """
    methods = {'random': 'random', 'tpe': 'bayes', None: 'bayes'}
    method = 'grid' if spec.method == 'grid' else methods[spec.sampler]
    if spec.method == 'ray':
        method = 'random'
    found: dict[str, Any] = dict(
        name=spec.file.stem,
        program=PROGRAM,
        method=method,
        metric=dict(
            name=spec.metric, goal='maximize' if spec.mode == 'max' else 'minimize'
        ),
        parameters={key: _parameter(spec, key) for key in spec.space},
        command=_command(spec),
    )
    if spec.trials is not None:
        found['run_cap'] = spec.trials
    return found


def write_wandb(spec: Spec, path: Path) -> None:
    """Write a sweep configuration as YAML for ``wandb sweep``."""
    text = yaml.safe_dump(wandb_sweep(spec), sort_keys=False, width=1000)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def _command(spec: Spec) -> list[str]:
    """Return the agent's command; its shell alone knows the run's id."""
    job = replace(spec, prune=None).job({})
    folder = shlex.quote(str(spec.folder))
    words = ['${env}', 'bash', '-c']
    words.append(f'exec python "$0" "$@" --work-dir {folder}/"$WANDB_RUN_ID"')
    words += ['${program}', job.config, '--seed', str(job.seed)]
    if job.data_root is not None:
        words += ['--data-root', job.data_root]
    if job.fold is not None:
        words += ['--fold', str(job.fold)]
    words += ['--from-scratch'] * job.from_scratch + ['--amp'] * job.amp
    words += ['--cfg-options', *_backend(spec)]
    words += [_option(spec, f'options.{k}', k, v) for k, v in job.options.items()]
    return [*words, '${args_no_hyphens}']


def _backend(spec: Spec) -> list[str]:
    """Return the option that puts W&B in TensorBoard's place, if it is needed."""
    backends = load_config(spec.config).visualizer.get('vis_backends') or []
    kinds = [backend['type'] for backend in backends]
    if EVERY in kinds or CHOSEN in kinds:
        return []
    if REPLACED not in kinds:
        found = ', '.join(kinds) or 'nothing'
        raise ConfigError(
            f'{spec.config}: visualizer.vis_backends has {found}; expected '
            f'{CHOSEN}, or {REPLACED} to be replaced by it'
        )
    chosen = any(fnmatchcase(spec.metric, pattern) for pattern in SCALARS)
    kind = CHOSEN if chosen else EVERY
    return [f'visualizer.vis_backends.{kinds.index(REPLACED)}.type={kind}']


def _option(spec: Spec, place: str, key: str, value: Any) -> str:
    text = option(key, value)
    if text is None:
        raise ConfigError(
            f'{spec.file}: {place}: {value!r} cannot be written as --cfg-options, '
            'which W&B expects'
        )
    return text


def _parameter(spec: Spec, key: str) -> dict[str, Any]:
    part = spec.space[key]
    if isinstance(part, Values):
        for value in part.values:
            _option(spec, f'space.{key}', key, value)
        return dict(values=list(part.values))
    return _range(part)


def _range(part: Range) -> dict[str, Any]:
    ends = dict(min=part.low, max=part.high)
    if part.whole and part.log:
        return dict(distribution='q_log_uniform_values', q=1, **ends)
    if part.log:
        return dict(distribution='log_uniform_values', **ends)
    if part.step is not None:
        return dict(distribution='q_uniform', q=part.step, **ends)
    return dict(distribution='int_uniform' if part.whole else 'uniform', **ends)
