"""What samplers for training by iterations share."""

import itertools
from abc import abstractmethod
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler


class EndlessSampler(Sampler):
    """Deal an endless stream of indices to the processes, one after the other.

    All processes compute the same stream from the seed and take every n-th index. It is
    made of passes, each drawn anew. A resumed run goes on where it stopped: the loop of
    mmengine calls :meth:`skip`.

    Args:
        dataset: What is sampled.
        seed: Of the random numbers, the same in all processes; None draws one.
        shuffle: Must be True; it is there because a config that replaces the type of
            ``InfiniteSampler`` keeps its arguments.

    Raises:
        ValueError: ``shuffle`` is False.
    """

    def __init__(
        self, dataset: Sized, seed: int | None = None, shuffle: bool = True
    ) -> None:
        if not shuffle:
            raise ValueError(f'{type(self).__name__} has no order, got shuffle=False')
        self.dataset = dataset
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.indices = self._stream(0)

    @abstractmethod
    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Draw the indices of one pass, not empty."""

    def begin(self) -> None:
        """Forget what was drawn; called before the stream starts."""

    def _stream(self, skipped: int) -> Iterator[int]:
        """Yield the indices of this process from the one after ``skipped`` on."""
        self.begin()
        generator = torch.Generator()
        generator.manual_seed(self.seed)
        passes = (self.draw_pass(generator) for _ in itertools.count())
        start = self.rank + skipped * self.world_size
        indices = itertools.chain.from_iterable(passes)
        yield from itertools.islice(indices, start, None, self.world_size)

    def __iter__(self) -> Iterator[int]:
        """Go on with the stream, also after another iterator was given up."""
        for index in self.indices:  # noqa: UP028 (yield from would close the stream)
            yield index

    def skip(self, num_samples: int) -> None:
        """Go to a place of the stream, without loading anything.

        Args:
            num_samples: How many indices of this process lie before it, counted from
                the beginning of the stream.

        Raises:
            ValueError: If it is negative.
        """
        if num_samples < 0:
            raise ValueError(f'num_samples must not be negative, got {num_samples}')
        self.indices = self._stream(num_samples)

    def __len__(self) -> int:
        """Return the number of images in the data set."""
        return len(self.dataset)

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: passes follow from the stream."""
