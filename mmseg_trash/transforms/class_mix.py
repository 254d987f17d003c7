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
from .spans import overlap


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
    """One paste: donor, labels taken, and where the donor's corner lies."""

    donor: Donor
    labels: np.ndarray
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
        flip_prob: Probability of flipping a donor from left to right, drawn when it
            comes into the pool.
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
        configured = None if self.class_weights is None else weights
        now = self.current_weights(configured, present.any(axis=0) & (weights > 0))
        if now is not None:
            weights = now
        if now is None:
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
            if np.random.random() < self.flip_prob:
                image, label = cv2.flip(image, 1), cv2.flip(label, 1)
            return Donor(index, image, label, candidates, weights[candidates])

        size = min(self.pool_size, int((likely > 0).sum()))
        return DonorPool(make, size, self.refresh)

    def draw_paste(self, results: dict, pool: DonorPool[Donor]) -> ClassPaste:
        """Draw donor, classes and offset."""
        donor = pool.draw()
        for _ in range(3):
            if donor.index != results.get('sample_idx', -1):
                break
            donor = pool.draw()
        number = max(1, len(donor.candidates) // 2)
        # the smallest of exponential clocks: drawing by weight without replacement, at
        # a fraction of the time of np.random.choice
        clocks = np.random.exponential(size=len(donor.candidates)) / donor.weights
        labels = donor.candidates[clocks.argsort()[:number]]
        top, left = (
            np.random.randint(min(have - need, 0), max(have - need, 0) + 1)
            for have, need in zip(results['gt_seg_map'].shape, donor.label.shape)
        )
        return ClassPaste(donor, labels, top, left)

    def paste(self, image: np.ndarray, label: np.ndarray, plan: ClassPaste) -> None:
        """Paste the drawn classes in place."""
        donor = plan.donor
        shape = donor.label.shape
        rows, donor_rows = overlap(plan.top, shape[0], label.shape[0])
        columns, donor_columns = overlap(plan.left, shape[1], label.shape[1])
        donor_label = donor.label[donor_rows, donor_columns]
        donor_image = donor.image[donor_rows, donor_columns]
        chosen = donor_label == plan.labels[0]
        for other in plan.labels[1:]:
            chosen |= donor_label == other
        mixed = chosen.view(np.uint8)
        cv2.copyTo(donor_image, mixed, image[rows, columns])
        cv2.copyTo(donor_label, mixed, label[rows, columns])
