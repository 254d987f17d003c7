"""A trial's end of an Optuna study, in the process that trains."""

import json
import os
from typing import Any

from ..errors import ConfigError

TRIAL = 'TRASH_TRIAL'
"""Variable with the study and the trial of a process, JSON."""


def import_optuna() -> Any:
    """Import Optuna.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ConfigError(
            'method optuna needs optuna: pip install "mmseg_trash[optional]"'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def make_pruner(startup: int, warmup: int) -> Any:
    """Return what prunes a trial below the median of the others at the same step."""
    pruner = import_optuna().pruners.MedianPruner
    return pruner(n_startup_trials=startup, n_warmup_steps=warmup)


def report(value: float, step: int) -> bool:
    """Report a validation of this process's trial; say whether to stop.

    A step that was reported before, by a run that was cut off, keeps its value.

    Args:
        value: The metric.
        step: Iterations so far.

    Returns:
        Always False in a process that belongs to no trial.
    """
    text = os.environ.get(TRIAL)
    if not text:
        return False
    known = json.loads(text)
    optuna = import_optuna()
    study = optuna.load_study(
        study_name=known['study'],
        storage=known['storage'],
        sampler=optuna.samplers.RandomSampler(),
        pruner=make_pruner(known['startup'], known['warmup']),
    )
    trial = optuna.trial.Trial(study, known['trial'])
    frozen = study._storage.get_trial(known['trial'])
    if step not in frozen.intermediate_values:
        trial.report(value, step)
    return bool(trial.should_prune())
