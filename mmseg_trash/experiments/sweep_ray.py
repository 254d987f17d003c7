"""A sweep whose trials Ray Tune spreads over the machines of a cluster."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .job import lock_file
from .sweep import FAILED, Runner, Trial, attempt, describe
from .sweep_space import Range, Values
from .sweep_spec import Spec

NAMES = ('state', 'value', 'seconds', 'folder', 'note')
"""What a machine of the cluster says about a trial."""


def import_ray() -> Any:
    """Import Ray with its Tune.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import ray
        import ray.tune
    except ImportError as error:
        raise ConfigError(
            'method ray needs Ray Tune: pip install "mmseg_trash[ray]"'
        ) from error
    return ray


def ray_space(spec: Spec, tune: Any) -> dict[str, Any]:
    """Return the space in Ray's terms."""
    return {key: _domain(part, tune) for key, part in spec.space.items()}


def _domain(part: Values | Range, tune: Any) -> Any:
    if isinstance(part, Values):
        return tune.choice(list(part.values))
    low, high = part.low, part.high
    if part.whole:  # Ray leaves out the upper end of integers, unless they have a step
        if part.step is not None:
            return tune.qrandint(low, high, part.step)
        return (
            tune.lograndint(low, high + 1) if part.log else tune.randint(low, high + 1)
        )
    if part.step is not None:
        return tune.quniform(low, high, part.step)
    return tune.loguniform(low, high) if part.log else tune.uniform(low, high)


def absolute(spec: Spec) -> Spec:
    """Return the spec with whole paths: Ray's processes run in other folders."""
    return replace(
        spec,
        config=str(Path(spec.config).resolve()),
        work_dir=str(spec.folder.resolve()),
        data_root=spec.data_root and str(Path(spec.data_root).resolve()),
    )


def run_ray(
    spec: Spec, run: Runner, report: Callable[[str], None] = print
) -> list[Trial]:
    """Run the trials on the cluster of ``RAY_ADDRESS``, else on this machine.

    The values are drawn at random from the seed, so that a second call draws the same
    ones and takes over what is finished. Every machine must see the same work_dir and
    data. A trial takes one GPU where the cluster has any, else the cores of a machine
    divided by ``devices``.

    Raises:
        ConfigError: Ray is not installed, or all trials failed.
    """
    ray = import_ray()
    spec = absolute(spec)
    spec.folder.mkdir(parents=True, exist_ok=True)
    own = not ray.is_initialized()
    if own:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level='ERROR')
    try:
        trials = [_trial(spec, result) for result in _tune(ray, spec, run)]
    finally:
        if own:
            ray.shutdown()
    for trial in trials:
        report(describe(spec, trial))
    if all(trial.state == FAILED for trial in trials):
        raise ConfigError(f'all {len(trials)} trials failed: {trials[0].note}')
    return trials


def _tune(ray: Any, spec: Spec, run: Runner) -> Any:
    """Run the trials; return Ray's results."""
    tune = ray.tune

    def train(config: dict[str, Any]) -> dict[str, Any]:
        params = {key: config[key] for key in spec.space}
        folder = Path(spec.job(params).work_dir)
        # the same values may be drawn twice: the second time takes over the first
        with lock_file(folder.with_name(f'.{folder.name}.ray'), wait=True):
            trial = attempt(spec, params, {}, run)
        return {name: getattr(trial, name) for name in NAMES}

    resources = _resources(spec, ray.cluster_resources())
    tuner = tune.Tuner(
        tune.with_resources(train, resources),
        param_space=ray_space(spec, tune),
        tune_config=tune.TuneConfig(
            num_samples=spec.trials,
            search_alg=tune.search.BasicVariantGenerator(random_state=spec.seed),
        ),
        run_config=tune.RunConfig(name='ray', storage_path=str(spec.folder), verbose=0),
    )
    return tuner.fit()


def _trial(spec: Spec, result: Any) -> Trial:
    """Read one of Ray's results."""
    found = result.metrics or {}
    params = {key: (result.config or {}).get(key) for key in spec.space}
    if result.error is not None or 'state' not in found:
        note = str(result.error or 'did not end').strip()[-500:]
        return Trial(params, FAILED, note=note)
    return Trial(params, **{name: found[name] for name in NAMES})


def _resources(spec: Spec, cluster: dict[str, float]) -> dict[str, float]:
    """Return what a trial takes of the cluster."""
    if cluster.get('GPU', 0) >= 1:
        return dict(cpu=1, gpu=1)
    count = len(spec.devices) if isinstance(spec.devices, list) else spec.devices
    return dict(cpu=max(1, (os.cpu_count() or 1) // count))
