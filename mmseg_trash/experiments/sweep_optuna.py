"""A sweep whose values Optuna proposes, kept in a study that outlives the process."""

import hashlib
import json
import platform
from typing import Any

import numpy as np

from ..errors import ConfigError
from .sweep import FAILED, FINISHED, PRUNED_STATE, Task, Trial
from .sweep_space import Values
from .sweep_spec import Prune, Spec
from .sweep_trial import TRIAL, import_optuna, make_pruner

AGAIN = 'again'
"""Attribute of a trial that repeats a failed one: the number of that one."""


def study_name(spec: Spec) -> str:
    """Name a study after what its trials share: config, code, data and the space."""
    from dataclasses import replace

    parts = [replace(spec, prune=None).job({}).fingerprint(), spec.metric, spec.mode]
    parts += [f'{key}: {part!r}' for key, part in spec.space.items()]
    mark = hashlib.sha256('\0'.join(parts).encode()).hexdigest()
    return f'{spec.file.stem}-{mark[:12]}'


class OptunaSearch:
    """Ask a study for values, and go on with what an earlier process left.

    Trials that were cut off come first, then those that failed, then new ones up to
    ``trials``. The draw of a trial depends on the seed, its number and the trials
    before it, not on how often the sweep was interrupted.

    Args:
        spec: The sweep.
        name: Of the study; None makes one that changes with config, code and data.

    Raises:
        ConfigError: Optuna is not installed, or the storage cannot be opened.
    """

    def __init__(self, spec: Spec, name: str | None = None) -> None:
        self.spec = spec
        self.optuna = import_optuna()
        folder = spec.folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self.storage = spec.storage or f'sqlite:///{folder}/optuna.db'
        self.place = f'{platform.node()}:{folder}'
        self.prune = spec.prune or Prune()
        pruner = (
            make_pruner(self.prune.startup, self.prune.warmup)
            if spec.prune
            else self.optuna.pruners.NopPruner()
        )
        try:
            self.study = self.optuna.create_study(
                storage=self.storage,
                study_name=name or study_name(spec),
                direction='maximize' if spec.mode == 'max' else 'minimize',
                pruner=pruner,
                load_if_exists=True,
            )
        except Exception as error:
            raise ConfigError(f'storage {self.storage}: {error}') from error
        self._failed = 0
        self._left = [trial for trial in self._states('RUNNING') if self._own(trial)]
        self._repeat_failed()

    def ask(self) -> Task | None:
        """Return a trial that was cut off, or a new one while some are due."""
        if self._left:
            self._seed(self._left[0].number)
            trial = self.optuna.trial.Trial(self.study, self._left.pop(0)._trial_id)
        else:
            used = self._states('COMPLETE', 'PRUNED', 'RUNNING')
            if len(used) + self._failed >= (self.spec.trials or 0):
                return None
            self._seed(len(self.study.get_trials(deepcopy=False)))
            trial = self.study.ask()
        trial.set_user_attr('place', self.place)
        params = {key: self._suggest(trial, key) for key in self.spec.space}
        if self.spec.prune is None:
            return Task(params, trial)
        known = dict(
            storage=self.storage,
            study=self.study.study_name,
            trial=trial._trial_id,
            startup=self.prune.startup,
            warmup=self.prune.warmup,
        )
        return Task(params, trial, {TRIAL: json.dumps(known)})

    def tell(self, task: Task, trial: Trial) -> None:
        """Write what came of a trial into the study."""
        states = self.optuna.trial.TrialState
        for key in ('seconds', 'folder', 'note'):
            task.handle.set_user_attr(key, getattr(trial, key))
        if trial.state == FINISHED:
            self.study.tell(task.handle, trial.value)
        elif trial.state == PRUNED_STATE:
            task.handle.set_user_attr('value', trial.value)
            self.study.tell(task.handle, state=states.PRUNED)
        else:
            self._failed += 1
            self.study.tell(task.handle, state=states.FAIL)

    def trials(self) -> list[Trial]:
        """Return all trials of the study that are over, in their order."""
        names = dict(COMPLETE=FINISHED, PRUNED=PRUNED_STATE, FAIL=FAILED)
        repeated = self._repeated()
        found = []
        for frozen in self._states(*names):
            if frozen.number in repeated and frozen.state.name == 'FAIL':
                continue
            attrs = frozen.user_attrs
            state = names[frozen.state.name]
            value = attrs.get('value') if state == PRUNED_STATE else frozen.value
            seconds, folder = attrs.get('seconds'), attrs.get('folder', '')
            note = attrs.get('note', '')
            params = {
                key: self._value(key, label) for key, label in frozen.params.items()
            }
            found.append(Trial(params, state, value, seconds, folder, note))
        return found

    def _states(self, *names: str) -> list[Any]:
        states = tuple(self.optuna.trial.TrialState[name] for name in names)
        return list(self.study.get_trials(deepcopy=False, states=states))

    def _own(self, trial: Any) -> bool:
        """Say whether a trial belongs to this folder, so that no one else runs it."""
        own = self.spec.storage is None
        return own or trial.user_attrs.get('place') == self.place

    def _repeated(self) -> set[int]:
        trials = self.study.get_trials(deepcopy=False)
        return {t.user_attrs[AGAIN] for t in trials if AGAIN in t.user_attrs}

    def _repeat_failed(self) -> None:
        repeated = self._repeated()
        for trial in self._states('FAIL'):
            if trial.number not in repeated and trial.params:
                self.study.enqueue_trial(trial.params, {AGAIN: trial.number})

    def _seed(self, number: int) -> None:
        """Give the study a sampler whose numbers belong to this trial alone."""
        entropy = np.random.SeedSequence([self.spec.seed, number])
        seed = int(entropy.generate_state(1)[0])
        samplers = self.optuna.samplers
        if self.spec.sampler == 'random':
            self.study.sampler = samplers.RandomSampler(seed=seed)
        else:
            self.study.sampler = samplers.TPESampler(seed=seed)

    def _suggest(self, trial: Any, key: str) -> Any:
        part = self.spec.space[key]
        if isinstance(part, Values):
            return part.of_label(trial.suggest_categorical(key, part.labels()))
        if part.whole:
            step = 1 if part.step is None else part.step
            return trial.suggest_int(key, part.low, part.high, step=step, log=part.log)
        return trial.suggest_float(
            key, part.low, part.high, step=part.step, log=part.log
        )

    def _value(self, key: str, label: Any) -> Any:
        part = self.spec.space[key]
        return part.of_label(label) if isinstance(part, Values) else label
