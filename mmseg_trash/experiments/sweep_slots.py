"""Trials side by side: one thread for each device, one process for each trial."""

import os
import threading
from collections.abc import Callable
from typing import Any

from ..errors import ConfigError
from .job import stop_runs

CPU = 'cpu'


def slots(devices: int | list[Any], where: str = '') -> list[dict[str, str]]:
    """Return the environment of each worker slot.

    Args:
        devices: Number of slots, spread over the visible GPUs, on the CPU without any;
            or the GPU of each slot (a number, several times for several trials at a
            time) or ``cpu``.
        where: Begins the message of an error.

    Raises:
        ConfigError: A device does not exist.
    """
    import torch

    visible = os.environ.get('CUDA_VISIBLE_DEVICES', '')
    count = torch.cuda.device_count()
    gpus = [name for name in visible.split(',') if name] or [
        str(place) for place in range(count)
    ]
    gpus = gpus[:count]
    chosen = devices
    if isinstance(chosen, int):
        chosen = [place % count if count else CPU for place in range(chosen)]
    for device in chosen:
        if device != CPU and str(device) not in [str(p) for p in range(count)]:
            known = ', '.join([*map(str, range(count)), CPU])
            raise ConfigError(
                f'{where}devices: {device!r} is absent; expected one of {known}'
            )
    share = max(1, (os.cpu_count() or 1) // len(chosen))
    threads = os.environ.get('OMP_NUM_THREADS', str(share))
    return [
        dict(CUDA_VISIBLE_DEVICES='', OMP_NUM_THREADS=threads)
        if device == CPU
        else dict(CUDA_VISIBLE_DEVICES=gpus[int(device)])
        for device in chosen
    ]


class Slots:
    """Threads that take tasks until none is left.

    Args:
        environments: Of each slot.
        work: Does one task in a slot's environment; False when none is left.
    """

    def __init__(
        self,
        environments: list[dict[str, str]],
        work: Callable[[dict[str, str]], bool],
    ) -> None:
        self.environments = environments
        self.work = work
        self.stop = threading.Event()
        self._errors: list[BaseException] = []

    def run(self) -> None:
        """Work until nothing is left.

        Raises:
            KeyboardInterrupt: The user interrupts; all processes are stopped.
            Exception: What the first slot raised; likewise.
        """
        threads = [
            threading.Thread(target=self._loop, args=(environment,), daemon=True)
            for environment in self.environments
        ]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads) and not self._errors:
                for thread in threads:
                    thread.join(0.1)
        finally:
            self.stop.set()
            while any(thread.is_alive() for thread in threads):
                stop_runs()
                threads[0].join(0.1)
        if self._errors:
            raise self._errors[0]

    def _loop(self, environment: dict[str, str]) -> None:
        try:
            while not self.stop.is_set() and self.work(environment):
                pass
        except BaseException as error:
            self._errors.append(error)
