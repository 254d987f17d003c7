"""A bounded, slowly changing sample of decoded donors, one per worker."""

import os
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

T = TypeVar('T')


class DonorPool(Generic[T]):
    """Keep some decoded donors, since decoding one costs more than mixing it.

    Donors come from the pool, not afresh from the data set: each is met several times
    before it is replaced, in expectation ``size * refresh`` turns after it came. The
    pool as a whole is a sample of the data set with the distribution of ``make``. While
    it is not full every draw decodes, so that the first samples of a worker are varied.

    All draws use ``np.random``: the same seed and the same calls give the same donors.

    Args:
        make: Draws and decodes one donor.
        size: Number of donors kept; 0 decodes every donor.
        refresh: One donor is replaced every so many turns once the pool is full.
    """

    def __init__(self, make: Callable[[], T], size: int, refresh: int) -> None:
        self.make = make
        self.size = size
        self.refresh = refresh
        self.donors: list[T] = []
        self.turns = 0

    def turn(self) -> None:
        """Count one mixed sample; replace a random donor when it is time to."""
        if self.size and len(self.donors) == self.size:
            self.turns += 1
            if self.turns % self.refresh == 0:
                self.donors[np.random.randint(self.size)] = self.make()

    def draw(self) -> T:
        """Return a donor; it belongs to the pool and must not be written to."""
        if len(self.donors) == self.size:
            if self.size:
                return self.donors[np.random.randint(self.size)]
            return self.make()
        self.donors.append(self.make())
        return self.donors[-1]


class PoolHolder(Generic[T]):
    """Hold the pool of one data set in one process.

    A process forked with a pool inside starts its own, and so does another data set;
    pickling and copying leave the pool behind.
    """

    def __init__(self) -> None:
        self._pool: DonorPool[T] | None = None
        self._process = -1
        self._version = 0
        self._dataset: Callable[[], object] = lambda: None

    def get(
        self, dataset: object, build: Callable[[], DonorPool[T]], version: int = 0
    ) -> DonorPool[T]:
        """Return the pool of ``dataset``, made by ``build`` if there is none here.

        Args:
            dataset: Where the donors come from.
            build: Makes an empty pool.
            version: Of what donors are drawn by; another one empties the pool.
        """
        stale = self._process != os.getpid() or self._dataset() is not dataset
        if self._pool is None or stale or self._version != version:
            self._version = version
            self._pool = build()
            self._process = os.getpid()
            self._dataset = weakref.ref(dataset)
        return self._pool

    def __getstate__(self) -> dict:
        return {}

    def __setstate__(self, state: dict) -> None:
        self.__init__()  # type: ignore[misc]
