"""A bounded queue before the one thread that computes."""

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .limits import RefusalError

T = TypeVar('T')


class Desk:
    """Admits so many requests at a time and computes them one after the other.

    A place is held from before a request's body is read until its work has ended, also
    when nobody waits for it any more: memory is bounded by the number of places.

    Args:
        places: How many requests may be admitted.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0
        self._mean = 1.0  # seconds of a request's work, a moving average
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix='model')

    def enter(self) -> None:
        """Take a place.

        Raises:
            RefusalError: 503; there is none, or the desk is closed.
        """
        with self._lock:
            if self.taken >= self.places:
                seconds = max(math.ceil(self._mean * self.taken), 1)
                raise RefusalError(503, 'all places are taken, ask again', seconds)
            self.taken += 1

    def leave(self) -> None:
        """Give a place back that no work was handed in for."""
        with self._lock:
            self.taken -= 1

    async def work(self, job: Callable[[], T], seconds: float) -> T:
        """Compute for a request that has a place, and give the place back.

        Args:
            job: Runs in the thread, after those that came before.
            seconds: How long to wait.

        Returns:
            What the job returns.

        Raises:
            RefusalError: 504; it took longer. Work that had not begun never does.
        """
        try:
            future: Future[T] = self._pool.submit(self._timed, job)
        except RuntimeError as error:
            self.leave()
            raise RefusalError(503, 'the service is being shut down', 5) from error
        future.add_done_callback(lambda _: self.leave())
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), seconds)
        except asyncio.TimeoutError as error:
            future.cancel()
            waiting.add_done_callback(_retrieve)
            raise RefusalError(504, f'no answer within {seconds:g} seconds') from error

    def _timed(self, job: Callable[[], T]) -> T:
        start = time.perf_counter()
        try:
            return job()
        finally:
            self._mean += 0.2 * (time.perf_counter() - start - self._mean)

    def close(self) -> None:
        """Finish what has been handed in."""
        self._pool.shutdown(wait=True)


def _retrieve(future: 'asyncio.Future[T]') -> None:
    """Look at the error of work that nobody waits for, so that asyncio stays quiet."""
    if not future.cancelled():
        future.exception()
