"""Many trainings of one config, each with other values."""

import json
import math
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Protocol

from ..errors import ConfigError, DataError
from .job import JOB, PRUNED, Job, Result, run_job
from .sweep_slots import Slots, slots
from .sweep_space import Values
from .sweep_spec import Spec

FINISHED, PRUNED_STATE, FAILED = 'finished', 'pruned', 'failed'
PAUSE = 1.0
"""Seconds after a failure in which an interruption may explain it."""
Runner = Callable[[Job, Mapping[str, str]], Result]


@dataclass(frozen=True)
class Trial:
    """What came of a set of values.

    Attributes:
        params: Dotted keys and their values.
        state: ``finished``, ``pruned`` or ``failed``.
        value: The metric, percent; of a pruned trial, its last validation.
        seconds: Of the training.
        folder: Of the run.
        note: Why it failed; when it was pruned.
    """

    params: dict[str, Any]
    state: str
    value: float | None = None
    seconds: float | None = None
    folder: str = ''
    note: str = ''


@dataclass(frozen=True)
class Task:
    """A set of values to try.

    Attributes:
        params: Dotted keys and their values.
        handle: What the search knows it by.
        environment: Variables for its process.
    """

    params: dict[str, Any]
    handle: Any
    environment: dict[str, str] = field(default_factory=dict)


class Search(Protocol):
    """What decides which values come next; called by one thread at a time."""

    def ask(self) -> Task | None:
        """Return the next task; None when the search is over."""

    def tell(self, task: Task, trial: Trial) -> None:
        """Take what came of a task."""

    def trials(self) -> list[Trial]:
        """Return all trials of the sweep that are over."""


class GridSearch:
    """Every combination of lists, the last key's values first.

    Args:
        spec: The sweep.
    """

    def __init__(self, spec: Spec) -> None:
        lists = [p.values for p in spec.space.values() if isinstance(p, Values)]
        all_params = [dict(zip(spec.space, values)) for values in product(*lists)]
        self._waiting = [Task(p, n) for n, p in enumerate(all_params[: spec.trials])]
        self._done: dict[int, Trial] = {}

    def ask(self) -> Task | None:
        """Return the next combination."""
        return self._waiting.pop(0) if self._waiting else None

    def tell(self, task: Task, trial: Trial) -> None:
        """Take what came of a combination."""
        self._done[task.handle] = trial

    def trials(self) -> list[Trial]:
        """Return what is there, in the order of the grid."""
        return [self._done[place] for place in sorted(self._done)]


def read_pruned(job: Job) -> dict[str, Any] | None:
    """Return where and at which value a run was pruned; None if it was not.

    Raises:
        DataError: The file is damaged.
    """
    folder = Path(job.work_dir)
    if not (folder / PRUNED).is_file() or not (folder / JOB).is_file():
        return None
    try:
        begun = json.loads((folder / JOB).read_text(encoding='utf-8'))['fingerprint']
        found = json.loads((folder / PRUNED).read_text(encoding='utf-8'))
        found = dict(step=int(found['step']), value=float(found['value']))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f'{folder / PRUNED}: is damaged: {error}') from error
    return found if begun == job.fingerprint() else None


def metric_of(result: Result, name: str) -> float:
    """Return a metric of a result.

    Raises:
        ConfigError: It has none of that name, or it is no number.
    """
    found = {**result.metrics, **result.records.metrics()}
    if name not in found:
        raise ConfigError(f'metric {name!r}: expected one of {", ".join(found)}')
    if not math.isfinite(found[name]):
        raise ConfigError(f'metric {name!r} is {found[name]}')
    return float(found[name])


def attempt(
    spec: Spec,
    params: dict[str, Any],
    environment: Mapping[str, str],
    run: Runner = run_job,
) -> Trial:
    """Do the run of a set of values, or return what it found before."""
    folder = ''
    try:
        job = spec.job(params)
        folder = Path(job.work_dir).name
        pruned = read_pruned(job)
        if pruned is None:
            try:
                result = run(job, environment)
            except ConfigError:
                pruned = read_pruned(job)
                if pruned is None:
                    raise
            else:
                value = metric_of(result, spec.metric)
                return Trial(params, FINISHED, value, result.seconds, folder)
    except (ConfigError, DataError) as error:
        return Trial(params, FAILED, folder=folder, note=str(error))
    note = f'at iteration {pruned["step"]}'
    return Trial(params, PRUNED_STATE, pruned['value'], None, folder, note)


def run_search(
    spec: Spec,
    search: Search,
    run: Runner = run_job,
    report: Callable[[str], None] = print,
) -> list[Trial]:
    """Run the trials of a search, as many at a time as there are devices.

    Args:
        spec: The sweep.
        search: Says what comes next.
        run: Does a job.
        report: Is told of each trial.

    Returns:
        All trials of the sweep, earlier ones too.

    Raises:
        ConfigError: All of the first three, or of fewer if there are no more, failed.
        KeyboardInterrupt: The user interrupts; nothing that is done is lost.
    """
    lock = threading.Lock()
    folders: dict[str, threading.Lock] = defaultdict(threading.Lock)
    ended: list[Trial] = []

    def work(environment: dict[str, str]) -> bool:
        with lock:
            task = search.ask()
            if task is None:
                return False
            own = folders[json.dumps(task.params, sort_keys=True)]
        with own:
            if pool.stop.is_set():
                return False
            variables = {**environment, **task.environment}
            trial = attempt(spec, task.params, variables, run)
        if trial.state == FAILED and pool.stop.wait(PAUSE):
            return False
        with lock:
            search.tell(task, trial)
            ended.append(trial)
            report(describe(spec, trial))
            if len(ended) == 3:
                _refuse_failures(ended)
        return True

    pool = Slots(slots(spec.devices, f'{spec.file}: '), work)
    pool.run()
    _refuse_failures(ended)
    return search.trials()


def _refuse_failures(ended: list[Trial]) -> None:
    if ended and all(trial.state == FAILED for trial in ended):
        raise ConfigError(f'all {len(ended)} trials failed: {ended[0].note}')


def describe(spec: Spec, trial: Trial) -> str:
    """Say in a line what came of a trial."""
    values = ', '.join(f'{key}={value}' for key, value in trial.params.items())
    if trial.value is None:
        return f'{values}: {trial.state}: {trial.note}'
    return ' '.join(
        f'{values}: {spec.metric} {trial.value:.2f} {trial.note}'.split()
        + ([trial.state] if trial.state != FINISHED else [])
    )
