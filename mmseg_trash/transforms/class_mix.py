"""ClassMix: half of the classes of another image, pasted by pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from mmseg.registry import TRANSFORMS

from ..errors import DataError
from ..metainfo import CLASSES, IGNORE_INDEX
from .class_weights import (
    ClassWeights,
    check_weights,
    donor_probabilities,
    resolve_weights,
)
from .donor_pool import DonorPool
from .mix_transform import DonorDataset, MixTransform


@dataclass
class Donor:
    """A decoded donor: its index, image (BGR), label map, candidates with weights."""

    index: int
    image: np.ndarray
    label: np.ndarray
    candidates: np.ndarray
    weights: np.ndarray


@dataclass
class ClassPaste:
    """One paste: donor, labels taken, flip, and where the donor's corner lies."""

    donor: Donor
    labels: np.ndarray
    flip: bool
    top: int
    left: int


@TRANSFORMS.register_module()
class ClassMix(MixTransform):
    """Paste half of the classes of a donor image over a sample, pixel by pixel.

    The supervised form of Olsson et al., "ClassMix: Segmentation-Based Data
    Augmentation for Semi-Supervised Learning", WACV 2021, arXiv:2007.07936: of the n
    candidate classes of the donor floor(n / 2), at least one, are drawn without
    replacement, and their pixels replace image and label. Different from the paper,
    Background is no candidate unless asked for, and classes can be weighted.

    A donor of another size is laid at a random offset: what reaches beyond the sample
    is cut, and where the donor does not reach the sample stays. Pixels that are ignored
    in the donor are never pasted. A sample is not mixed with itself if the pool has
    anything else.

    Args:
        prob: Probability that a sample is mixed.
        background: Whether Background is a candidate.
        class_weights: By class name or label (classes left out: 1), or one per label.
            A donor is then drawn by drawing a class by weight and an image that shows
            it, and the classes of the donor are drawn by weight too; 0 is never
            pasted. None draws images and classes evenly.
        flip_prob: Probability of flipping the donor from left to right.
        ignore_index: Label that is never pasted.
        pool_size: See :class:`MixTransform`; about 1 MB each at 512x512.
        refresh: See :class:`MixTransform`.
    """

    def __init__(
        self,
        prob: float = 0.5,
        background: bool = False,
        class_weights: ClassWeights | None = None,
        flip_prob: float = 0.5,
        ignore_index: int = IGNORE_INDEX,
        pool_size: int = 32,
        refresh: int = 8,
    ) -> None:
        super().__init__(prob, pool_size, refresh)
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob must be in [0, 1], got {flip_prob}')
        check_weights(class_weights)
        self.background = background
        self.class_weights = class_weights
        self.flip_prob = flip_prob
        self.ignore_index = ignore_index

    def build_pool(self, dataset: DonorDataset) -> DonorPool[Donor]:
        """Return an empty pool over the images that show a candidate class.

        Raises:
            DataError: If there is no such image.
        """
        classes = dataset.metainfo['classes']
        weights = resolve_weights(self.class_weights, classes)
        if not self.background and CLASSES[0] in classes:
            weights[classes.index(CLASSES[0])] = 0
        if 0 <= self.ignore_index < len(weights):
            weights[self.ignore_index] = 0
        present = dataset.class_counts() > 0
        if self.class_weights is None:
            likely = (present & (weights > 0)).any(axis=1).astype(np.float64)
            likely /= max(likely.sum(), 1)
        else:
            likely = donor_probabilities(present, weights)
        if not likely.any():
            names = [name for name, weight in zip(classes, weights) if weight]
            raise DataError(f'ClassMix: no image of the data set shows any of {names}')
        ladder = np.cumsum(likely)

        def make() -> Donor:
            drawn = np.searchsorted(ladder, np.random.random() * ladder[-1], 'right')
            index = min(int(drawn), int(likely.nonzero()[0][-1]))
            candidates = np.flatnonzero(present[index] & (weights > 0))
            image, label = dataset.load_image(index), dataset.label_map_of(index)
            return Donor(index, image, label, candidates, weights[candidates])

        size = min(self.pool_size, int((likely > 0).sum()))
        return DonorPool(make, size, self.refresh)

    def draw_paste(self, results: dict, pool: DonorPool[Donor]) -> ClassPaste:
        """Draw donor, classes, flip and offset."""
        donor = pool.draw()
        for _ in range(3):
            if donor.index != results.get('sample_idx', -1):
                break
            donor = pool.draw()
        number = max(1, len(donor.candidates) // 2)
        labels = np.random.choice(
            donor.candidates, number, False, donor.weights / donor.weights.sum()
        )
        flip = bool(np.random.random() < self.flip_prob)
        spare = np.subtract(results['img'].shape[:2], donor.label.shape)
        top, left = (np.random.randint(min(s, 0), max(s, 0) + 1) for s in spare)
        return ClassPaste(donor, labels, flip, top, left)

    def paste(self, image: np.ndarray, label: np.ndarray, plan: ClassPaste) -> None:
        """Paste the drawn classes in place."""
        donor = plan.donor
        table = np.zeros(256, np.uint8)
        table[plan.labels] = 255
        rows, donor_rows = _overlap(plan.top, len(donor.label), len(label))
        columns, donor_columns = _overlap(
            plan.left, donor.label.shape[1], label.shape[1]
        )
        if plan.flip:
            width = donor.label.shape[1]
            donor_columns = slice(
                width - donor_columns.stop, width - donor_columns.start
            )
        parts = [a[donor_rows, donor_columns] for a in (donor.image, donor.label)]
        chosen = cv2.LUT(parts[1], table)
        targets = [a[rows, columns] for a in (image, label)]
        # the rest of the work is done within the box of the chosen pixels
        x, y, width, height = cv2.boundingRect(chosen)
        parts = [a[y : y + height, x : x + width] for a in (*parts, chosen)]
        if plan.flip:
            x = chosen.shape[1] - x - width
            parts = [cv2.flip(part, 1) for part in parts] if height else parts
        for part, target in zip(parts, targets):
            cv2.copyTo(part, parts[2], target[y : y + height, x : x + width])


def _overlap(start: int, length: int, limit: int) -> tuple[slice, slice]:
    """Cut a span moved to ``start`` to [0, limit): the slices of target and span."""
    stop = min(start + length, limit)
    first = max(start, 0)
    return slice(first, stop), slice(first - start, stop - start)
