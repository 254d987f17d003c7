"""What a sweep found, the best first."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from ..config import load_config
from ..fileio import atomic_write
from .page import Code, Heading, Page, Table, Text
from .sweep import FINISHED, PRUNED_STATE, Trial
from .sweep_spec import Spec

BEST = 'best_config.py'


def option(key: str, value: Any) -> str | None:
    """Write a key and its value for ``--cfg-options``; None if that cannot be said."""
    text = str(value).replace(' ', '') if isinstance(value, list) else str(value)
    try:
        read = DictAction._parse_iterable(text)
    except AssertionError:
        return None
    same = read == value and type(read) is type(value)
    return f'{key}={text}' if same else None


def ranked(spec: Spec, trials: Sequence[Trial]) -> list[Trial]:
    """Sort trials: finished ones, pruned ones, failed ones; each the best first."""
    states = (FINISHED, PRUNED_STATE)
    sign = -1 if spec.mode == 'max' else 1

    def place(trial: Trial) -> tuple[int, float]:
        number = states.index(trial.state) if trial.state in states else len(states)
        return number, 0 if trial.value is None else sign * trial.value

    return sorted(trials, key=place)


def train_command(spec: Spec, params: dict[str, Any], folder: Path) -> str:
    """Return the command line that trains a set of values again.

    Values that ``--cfg-options`` cannot express, such as dicts, are written into a
    config file in ``folder`` instead.
    """
    job = replace(spec, prune=None).job(params)
    words = ['python', 'tools/train.py', job.config]
    options = [option(key, value) for key, value in job.options.items()]
    plain = [text for text in options if text is not None]
    if len(plain) < len(options):
        cfg = load_config(
            job.config, job.options, job.data_root, job.fold, job.from_scratch
        )
        with atomic_write(folder / BEST) as temporary:
            cfg.dump(temporary)
        words[2], plain = str(folder / BEST), []
    if job.data_root is not None:
        words += ['--data-root', job.data_root]
    if job.fold is not None:
        words += ['--fold', str(job.fold)]
    words += ['--seed', str(job.seed)]
    words += ['--from-scratch'] * job.from_scratch + ['--amp'] * job.amp
    words += ['--cfg-options', *plain] if plain else []
    return shlex.join(words)


def write_report(spec: Spec, trials: Sequence[Trial]) -> Page:
    """Write ``sweep.md``, ``sweep.html`` and ``sweep.json`` into the sweep's folder."""
    folder = spec.folder
    order = ranked(spec, trials)
    best = order[0] if order and order[0].state == FINISHED else None
    command = train_command(spec, best.params, folder) if best else None
    page = Page(f'Sweep of {Path(spec.config).stem}')
    page.add(Text(_setting(spec, order)))
    keys = list(spec.space)
    header = ['trial', *keys, spec.metric, 'state', 'minutes']
    page.add(Table(header, [_row(trial, keys) for trial in order]))
    if command:
        page.add(Heading('Train the best again'))
        page.add(Code(command))
    numbers = dict(
        config=spec.config,
        metric=spec.metric,
        mode=spec.mode,
        method=spec.method,
        seed=spec.seed,
        options=spec.options,
        trials=[asdict(trial) for trial in order],
        command=command,
    )
    page.write(folder, 'sweep', numbers)
    return page


def _setting(spec: Spec, trials: Sequence[Trial]) -> str:
    counts = {
        state: sum(trial.state == state for trial in trials)
        for state in sorted({trial.state for trial in trials})
    }
    found = ', '.join(f'{count} {state}' for state, count in counts.items())
    goal = 'largest' if spec.mode == 'max' else 'smallest'
    return (
        f'Method {spec.method}, seed {spec.seed}; {found}. {spec.metric} of the '
        f'{spec.checkpoint} checkpoint, the {goal} first. The best of many trials on '
        'the same validation images looks better than it is: train it again with other '
        'seeds, or on folds, before believing it.'
    )


def _row(trial: Trial, keys: Sequence[str]) -> list[str]:
    state = (
        f'{trial.state} {trial.note}' if trial.state == PRUNED_STATE else trial.state
    )
    seconds = trial.seconds
    return [
        trial.folder,
        *(_cell(trial.params.get(key)) for key in keys),
        '-' if trial.value is None else f'{trial.value:.2f}',
        state,
        '-' if seconds is None or seconds != seconds else f'{seconds / 60:.1f}',
    ]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'{value:.4g}'
    return json.dumps(value) if isinstance(value, (list, dict)) else str(value)
