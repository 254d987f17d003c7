"""Several jobs, as many at a time as there are devices."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ConfigError
from .job import Job, Result, run_job
from .sweep_slots import CPU, Slots, slots

Devices = int | list[Any] | None


def read_devices(text: str) -> int | list[Any]:
    """Read ``--devices``: a number, or a device for each run as in ``0,1,1,cpu``.

    Raises:
        ConfigError: It is neither.
    """
    parts = text.split(',')
    if not all(part == CPU or part.isdecimal() for part in parts) or text == '0':
        raise ConfigError(
            f'--devices {text}: expected a number of runs at a time, or a list such as '
            '0,1,cpu'
        )
    devices = [part if part == CPU else int(part) for part in parts]
    if len(devices) == 1 and isinstance(devices[0], int):
        return devices[0]
    return devices


def run_jobs(
    jobs: Sequence[Job],
    devices: Devices = None,
    report: Callable[[int, Result], None] = lambda place, result: None,
    run: Callable[[Job, Mapping[str, str]], Result] = run_job,
) -> list[Result]:
    """Do jobs in their order; what is done already is not repeated.

    Args:
        jobs: What to do.
        devices: See :func:`slots`; None is one job at a time, wherever it finds itself.
        report: Is told of each result and its place among the jobs, one at a time.
        run: Does a job.

    Returns:
        The results, in the order of the jobs.

    Raises:
        ConfigError: A job fails; those beside it are stopped and go on next time.
        KeyboardInterrupt: The user interrupts; likewise.
    """
    found: dict[int, Result] = {}
    waiting = iter(enumerate(jobs))
    lock = threading.Lock()

    def work(environment: dict[str, str]) -> bool:
        with lock:
            place, job = next(waiting, (-1, None))
        if job is None:
            return False
        result = run(job, environment)
        with lock:
            found[place] = result
            report(place, result)
        return True

    own = [{}] if devices is None else slots(devices, '--devices: ')
    Slots(own, work).run()
    return [found[place] for place in range(len(jobs))]
