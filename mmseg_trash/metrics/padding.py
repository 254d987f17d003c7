"""Join the batches of several ranks without what their samplers repeated: pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .confusion import Counts


@dataclass(frozen=True)
class BatchCounts:
    """What is kept of a batch: which samples on which rank, and their matrices.

    Attributes:
        rank: Rank that evaluated the batch.
        first: How many samples the rank had before.
        keys: What identifies each sample; None where nothing does.
        matrices: Confusion matrices, samples x sizes x C x C.
    """

    rank: int
    first: int
    keys: Sequence[Hashable | None]
    matrices: Counts


def find_padding(keys: Sequence[Hashable | None], size: int) -> list[bool]:
    """Mark the samples to leave out, so that ``size`` remain.

    A sampler of a distributed run repeats samples until every rank has as many. A
    repetition is recognised by its key, and the first of its kind stays. Nothing is
    left out while there are at most ``size`` samples, so that a data set which lists an
    image twice keeps both.

    Args:
        keys: What identifies each sample, in the order in which the sampler dealt them;
            None where nothing does: then the last ones are taken for repetitions.
        size: Number of samples of the data set.

    Returns:
        True for each sample that is padding.
    """
    seen: set[Hashable] = set()
    repeated = []
    for key in keys:
        repeated.append(key is None or key in seen)
        seen.add(key)
    surplus = max(len(keys) - size, 0)
    padding = [False] * len(keys)
    # Samplers pad at the end: of several repetitions the last is the padding.
    for index in reversed(range(len(keys))):
        if surplus and repeated[index]:
            padding[index] = True
            surplus -= 1
    return padding


def kept_samples(
    batches: Sequence[BatchCounts], size: int | None = None
) -> list[tuple[int, int]]:
    """Find the samples of all ranks that are not padding.

    Args:
        batches: Batches of all ranks, in any order.
        size: Number of samples of the data set; None when nothing was repeated.

    Returns:
        Place of the batch and place in the batch, in the order in which a sampler deals
        the samples (round by round over the ranks).
    """
    dealt = sorted(
        (batch.first + index, batch.rank, number, index)
        for number, batch in enumerate(batches)
        for index in range(len(batch.keys))
    )
    keys = [batches[number].keys[index] for *_, number, index in dealt]
    padding = find_padding(keys, len(keys) if size is None else size)
    return [
        (number, index) for (*_, number, index), drop in zip(dealt, padding) if not drop
    ]


def join_batches(
    batches: Sequence[BatchCounts], size: int | None = None
) -> tuple[Counts, list[int]]:
    """Join the batches of all ranks and drop the padding.

    Args:
        batches: Batches of all ranks, in any order.
        size: Number of samples of the data set; None when nothing was repeated.

    Returns:
        Matrices, samples x sizes x C x C, in the order of :func:`kept_samples`, and for
        each sample the place of its batch in ``batches``.
    """
    kept = kept_samples(batches, size)
    matrices = [batches[number].matrices[index] for number, index in kept]
    return np.array(matrices, dtype=np.int64), [number for number, _ in kept]
