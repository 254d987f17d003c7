"""Call a function on many items in several processes."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

import cv2

Item = TypeVar('Item')
Result = TypeVar('Result')

_function: Callable[[Any], Any] | None = None


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    """Yield a function's results in the order of the items.

    Args:
        function: What to call; it reaches the processes once.
        items: What to call it on.
        workers: Processes; 1 stays in this one.

    Raises:
        RuntimeError: A process was killed, mostly for want of memory.
    """
    if workers <= 1 or len(items) < 2:
        yield from map(function, items)
        return
    # A spawned process would import the whole framework, which takes seconds.
    method = 'fork' if sys.platform.startswith('linux') else 'spawn'
    threads = cv2.getNumThreads()
    # OpenCV's thread pool does not survive a fork.
    cv2.setNumThreads(1)
    pool = ProcessPoolExecutor(
        min(workers, len(items)),
        mp_context=multiprocessing.get_context(method),
        initializer=_start,
        initargs=(function,),
    )
    try:
        yield from pool.map(_call, items)
    except BrokenProcessPool as error:
        raise RuntimeError(
            f'one of {workers} processes was killed; fewer need less memory'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)


def _start(function: Callable[[Any], Any]) -> None:
    global _function
    _function = function
    cv2.setNumThreads(1)


def _call(item: Any) -> Any:
    assert _function is not None
    return _function(item)
