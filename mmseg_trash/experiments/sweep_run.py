"""A whole sweep: the search of its method, then the report."""

from collections.abc import Callable

from .job import lock_file, run_job
from .page import Page
from .sweep import GridSearch, Runner, Search, run_search
from .sweep_report import write_report
from .sweep_spec import Spec


def run_sweep(
    spec: Spec, run: Runner = run_job, report: Callable[[str], None] = print
) -> Page:
    """Run what is missing of a sweep and write its report.

    An interruption leaves a report of what is done.

    Args:
        spec: The sweep.
        run: Does a job.
        report: Is told of each trial.

    Raises:
        ConfigError: Another process is at it, a library is missing, or all fails.
    """
    folder = spec.folder
    folder.mkdir(parents=True, exist_ok=True)
    with lock_file(folder / '.sweep.lock'):
        if spec.method == 'ray':
            from .sweep_ray import run_ray

            return write_report(spec, run_ray(spec, run, report))
        search = make_search(spec)
        try:
            trials = run_search(spec, search, run, report)
        except BaseException:
            if search.trials():
                write_report(spec, search.trials())
            raise
        return write_report(spec, trials)


def make_search(spec: Spec) -> Search:
    """Return the search of a spec's method, grid or optuna."""
    if spec.method == 'grid':
        return GridSearch(spec)
    from .sweep_optuna import OptunaSearch

    return OptunaSearch(spec)
