"""What a toy set is made of: its parameters, file names, and which image needs what."""

from dataclasses import dataclass

import numpy as np

from .catalogue import INSTANCES

FOLDERS = ('batch_01_vt', 'batch_02_vt', 'batch_03')
SPLITS = ('train', 'val', 'test')
SMALLEST, LARGEST = 32, 2048
RARE = (9, 10)
EMPTY_FROM = 100
"""From so many training images on, one of them shows no trash, as in the real set."""


@dataclass(frozen=True)
class ToyParams:
    """All that a toy set depends on.

    Attributes:
        num_train: Training images.
        num_val: Validation images.
        num_test: Test images.
        size: Side length of the images in pixels.
        seed: Seed of everything.
        imbalance: 1 for the competition's class frequencies, 0 for even ones.
        kinds: Kinds of object per class, None for all.
    """

    num_train: int
    num_val: int
    num_test: int
    size: int
    seed: int
    imbalance: float
    kinds: int | None = None

    def __post_init__(self) -> None:
        for name in ('num_train', 'num_val', 'num_test', 'seed'):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise ValueError(
                    f'{name} must be an integer of at least 0, got {value!r}'
                )
        if self.num_images == 0:
            raise ValueError('num_train, num_val and num_test are all 0')
        if not isinstance(self.size, int) or not SMALLEST <= self.size <= LARGEST:
            raise ValueError(
                f'size must be an integer from {SMALLEST} to {LARGEST}, '
                f'got {self.size!r}'
            )
        if self.kinds is not None and (
            not isinstance(self.kinds, int) or self.kinds < 1
        ):
            raise ValueError(f'kinds must be at least 1 or None, got {self.kinds!r}')
        if not 0 <= self.imbalance <= 1:
            raise ValueError(
                f'imbalance must lie within 0 and 1, got {self.imbalance!r}'
            )

    @property
    def counts(self) -> dict[str, int]:
        """Images of each split."""
        return dict(zip(SPLITS, (self.num_train, self.num_val, self.num_test)))

    @property
    def num_images(self) -> int:
        """Images of all splits."""
        return self.num_train + self.num_val + self.num_test


@dataclass(frozen=True)
class Job:
    """One image to draw.

    Attributes:
        split: 'train', 'val' or 'test'.
        index: Its number within the split, which with the seed decides its content.
        file_name: Folder and name, the key in the JSON files.
        required: Labels that it shall show.
        empty: Whether it shows no object at all.
    """

    split: str
    index: int
    file_name: str
    required: tuple[int, ...]
    empty: bool


def _file_names(rng: np.random.Generator, count: int) -> list[str]:
    """Number ``count`` photographs through the three folders, with gaps."""
    names = []
    for folder, share in zip(FOLDERS, np.array_split(np.arange(count), len(FOLDERS))):
        number = -1
        for _ in share:
            number += 1 + int(rng.random() < 0.15)
            names.append(f'{folder}/{number:04d}.jpg')
    return names


def _required(rng: np.random.Generator, count: int) -> list[tuple[int, ...]]:
    """Spread every class over a split so that each appears in a handful of images."""
    wanted: list[list[int]] = [[] for _ in range(count)]
    for label in range(1, len(INSTANCES) + 1):
        share = 0.1 if label in RARE else 0.05
        need = min(count, max(2, round(share * count)))
        for image in rng.permutation(count)[:need]:
            wanted[int(image)].append(label)
    return [tuple(labels) for labels in wanted]


def make_plan(params: ToyParams) -> list[Job]:
    """List the images to draw, in the order of their file names.

    Args:
        params: The set's parameters.

    Returns:
        One job per image; splits are mixed within the folders.
    """
    rng = np.random.default_rng([params.seed, len(SPLITS)])
    names = _file_names(rng, params.num_images)
    slots = [(split, index) for split, n in params.counts.items() for index in range(n)]
    required = {
        split: _required(np.random.default_rng([params.seed, 9, place]), n)
        for place, (split, n) in enumerate(params.counts.items())
    }
    empty = -1
    if params.num_train >= EMPTY_FROM:
        empty = next(i for i, labels in enumerate(required['train']) if not labels)
    jobs = []
    for name, slot in zip(names, rng.permutation(len(slots))):
        split, index = slots[int(slot)]
        alone = split == 'train' and index == empty
        jobs.append(Job(split, index, name, required[split][index], alone))
    return jobs
