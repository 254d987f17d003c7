"""Share images among the processes that torchrun started."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed

T = TypeVar('T')
WAIT = timedelta(days=7)
"""How long a process waits for the others; their shares may take long."""


class Shards:
    """The processes of a run: this one's number and how many there are.

    Without torchrun there is one. The processes talk through gloo, and only about what
    has been done; images are shared by their place, every ``total``-th to each.

    Attributes:
        rank: This process, from 0.
        total: Number of processes.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get('RANK', 0))
        self.total = int(os.environ.get('WORLD_SIZE', 1))
        if self.total > 1 and not distributed.is_initialized():
            distributed.init_process_group('gloo', timeout=WAIT)

    @property
    def first(self) -> bool:
        """Whether this process writes what there is one of."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """Return this process's device: with ``auto`` each takes a GPU of its own."""
        if name != 'auto' or self.total == 1 or not torch.cuda.is_available():
            return name
        local = int(os.environ.get('LOCAL_RANK', 0))
        return f'cuda:{local % torch.cuda.device_count()}'

    def mine(self, items: Sequence[T]) -> list[T]:
        """Return this process's share."""
        return list(items[self.rank :: self.total])

    def gather(self, item: Any) -> list[Any]:
        """Bring what each process has to the first one, by rank; waits for all.

        Returns:
            One item per process in the first process, an empty list in the others.
        """
        if self.total == 1:
            return [item]
        found: list[Any] | None = [None] * self.total if self.first else None
        distributed.gather_object(item, found)
        return found or []

    def interleave(self, items: Sequence[T]) -> list[T]:
        """Gather lists of :meth:`mine` and put them into the order of the whole."""
        shares = self.gather(list(items))
        longest = max((len(share) for share in shares), default=0)
        return [share[i] for i in range(longest) for share in shares if i < len(share)]

    def close(self) -> None:
        """Leave the others."""
        if self.total > 1 and distributed.is_initialized():
            distributed.destroy_process_group()
