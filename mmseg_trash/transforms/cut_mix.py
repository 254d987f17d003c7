"""CutMix: a box of another image."""

from dataclasses import dataclass

import cv2
import numpy as np
from mmseg.registry import TRANSFORMS

from ..metainfo import IGNORE_INDEX
from .class_weights import ClassWeights, check_weights, resolve_weights
from .cut_box import draw_box
from .donor_pool import DonorPool
from .image_pool import WholeImage, draw_other, image_pool
from .mix_transform import DonorDataset, MixTransform
from .spans import overlap


@dataclass
class BoxPaste:
    """One paste: the donor, where its corner lies, the box (y1, y2, x1, x2)."""

    donor: WholeImage
    top: int
    left: int
    box: tuple[int, int, int, int]


@TRANSFORMS.register_module()
class CutMix(MixTransform):
    """Paste a box of a donor image over a sample.

    Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features", ICCV 2019, arXiv:1905.04899, with label maps instead of mixed
    labels. A donor of another size is laid at a random offset; where it does not reach
    the sample stays. Pixels that are ignored in the donor are never pasted. A sample is
    not mixed with itself if the pool has anything else.

    Args:
        prob: Probability that a sample is mixed.
        alpha: Of the Beta distribution of the share that stays; 1 is even.
        class_weights: By class name or label (classes left out: 1), or one per label:
            a class is drawn by weight and then an image that shows it. None draws
            images evenly.
        flip_prob: Probability of flipping a donor from left to right, drawn when it
            comes into the pool.
        ignore_index: Label that is never pasted.
        pool_size: See :class:`MixTransform`; about 1 MB each at 512x512.
        refresh: See :class:`MixTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        alpha: float = 1.0,
        class_weights: ClassWeights | None = None,
        flip_prob: float = 0.5,
        ignore_index: int = IGNORE_INDEX,
        pool_size: int = 32,
        refresh: int = 8,
    ) -> None:
        super().__init__(prob, pool_size, refresh)
        if alpha <= 0:
            raise ValueError(f'alpha must be positive, got {alpha}')
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob must be in [0, 1], got {flip_prob}')
        check_weights(class_weights)
        self.alpha = alpha
        self.class_weights = class_weights
        self.flip_prob = flip_prob
        self.ignore_index = ignore_index

    def build_pool(self, dataset: DonorDataset) -> DonorPool[WholeImage]:
        """Return an empty pool over the images.

        Raises:
            DataError: If no image shows a class of positive weight.
        """
        weights = None
        if self.class_weights is not None:
            weights = resolve_weights(self.class_weights, dataset.metainfo['classes'])
        available = dataset.class_counts().sum(axis=0) > 0
        weights = self.current_weights(weights, available)
        return image_pool(
            dataset, weights, self.pool_size, self.refresh, self.flip_prob
        )

    def draw_paste(self, results: dict, pool: DonorPool[WholeImage]) -> BoxPaste:
        """Draw donor, offset and box."""
        donor = draw_other(pool, results.get('sample_idx', -1))
        shape = results['gt_seg_map'].shape
        top, left = (
            np.random.randint(min(have - need, 0), max(have - need, 0) + 1)
            for have, need in zip(shape, donor.label.shape)
        )
        return BoxPaste(donor, top, left, draw_box(shape, self.alpha))

    def paste(self, image: np.ndarray, label: np.ndarray, plan: BoxPaste) -> None:
        """Paste the box in place."""
        y1, y2, x1, x2 = plan.box
        image, label = image[y1:y2, x1:x2], label[y1:y2, x1:x2]
        shape = plan.donor.label.shape
        rows, own_rows = overlap(plan.top - y1, shape[0], label.shape[0])
        columns, own_columns = overlap(plan.left - x1, shape[1], label.shape[1])
        part = np.ascontiguousarray(plan.donor.label[own_rows, own_columns])
        if not part.size:
            return
        known = (part != self.ignore_index).view(np.uint8)
        cv2.copyTo(plan.donor.image[own_rows, own_columns], known, image[rows, columns])
        cv2.copyTo(part, known, label[rows, columns])
