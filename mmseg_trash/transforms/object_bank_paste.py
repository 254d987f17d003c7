"""ObjectBankPaste: rare objects of other images, pasted in place."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from mmseg.registry import TRANSFORMS

from ..errors import DataError
from .class_weights import donor_probabilities, label_of
from .copy_paste import RARE_CLASSES
from .donor_pool import DonorPool
from .mix_transform import DonorDataset, MixTransform
from .object_crop import ObjectCrop, cut_out
from .spans import overlap


@dataclass
class BankItem:
    """All pixels of one class in one image.

    Attributes:
        crop: The pixels, cut to their box.
        centre: Where the centre of the box lies, (y, x) as shares of the image.
    """

    crop: ObjectCrop
    centre: tuple[float, float]


@dataclass
class BankPaste:
    """One paste: what, and where its upper left corner lies."""

    crop: ObjectCrop
    top: int
    left: int


@TRANSFORMS.register_module()
class ObjectBankPaste(MixTransform):
    """Paste what another image shows of a rare class, in its place and size.

    What competition code of the trash data calls "AugMix"; it has nothing to do with
    Hendrycks' :class:`AugMix`. The bank holds, for each image and each chosen class in
    it, all pixels of the class. A class is drawn evenly, then one of its items, and the
    pixels land where they were in their own image. Unlike there, which pixels belong to
    the item is told by the label map and not by colours other than black, and the
    channels keep their order.

    In a sample of another size the item keeps its own size, its centre the same
    relative place, and what reaches beyond is cut.

    Args:
        prob: Probability that a sample gets an item.
        classes: Names or labels of the classes in the bank.
        num_items: Fewest and most items in a sample.
        min_area: An item of fewer pixels is not in the bank.
        pool_size: See :class:`MixTransform`.
        refresh: See :class:`MixTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.4,
        classes: Sequence[str | int] = RARE_CLASSES,
        num_items: tuple[int, int] = (1, 1),
        min_area: int = 1,
        pool_size: int = 64,
        refresh: int = 8,
    ) -> None:
        super().__init__(prob, pool_size, refresh)
        if isinstance(classes, str) or not classes:
            raise ValueError(f'classes must be a list with entries, got {classes!r}')
        if not 1 <= num_items[0] <= num_items[1]:
            raise ValueError(f'num_items must be 1 <= low <= high, got {num_items}')
        if min_area < 1:
            raise ValueError(f'min_area must be at least 1, got {min_area}')
        self.classes = tuple(classes)
        self.num_items = num_items
        self.min_area = min_area

    def build_pool(self, dataset: DonorDataset) -> DonorPool[BankItem]:
        """Return an empty pool over the bank.

        Raises:
            DataError: If the bank is empty.
            ValueError: If a class is unknown to the data set.
        """
        names = dataset.metainfo['classes']
        configured = np.zeros(len(names))
        configured[[label_of(name, names) for name in self.classes]] = 1
        present = dataset.class_counts() >= self.min_area
        weights = self.current_weights(configured, present.sum(axis=0) > 0)
        assert weights is not None
        images, labels = np.nonzero(present & (weights > 0))
        if not len(images):
            chosen = [names[c] for c in np.flatnonzero(weights)]
            raise DataError(
                f'ObjectBankPaste: no image of the data set shows {self.min_area} '
                f'pixels of any of {chosen}'
            )
        items = labels[:, None] == np.arange(len(names))
        likely = donor_probabilities(items, weights)

        def make() -> BankItem:
            drawn = np.random.choice(len(images), p=likely)
            return _cut_item(dataset, int(images[drawn]), int(labels[drawn]))

        return DonorPool(make, min(self.pool_size, len(images)), self.refresh)

    def draw_paste(self, results: dict, pool: DonorPool[BankItem]) -> list[BankPaste]:
        """Draw items."""
        shape = results['gt_seg_map'].shape
        pastes: list[BankPaste] = []
        for _ in range(np.random.randint(self.num_items[0], self.num_items[1] + 1)):
            item = pool.draw()
            top, left = (
                round(share * length - side / 2)
                for share, length, side in zip(
                    item.centre, shape, item.crop.cover.shape
                )
            )
            pastes.append(BankPaste(item.crop, top, left))
        return pastes

    def paste(
        self, image: np.ndarray, label: np.ndarray, plan: list[BankPaste]
    ) -> None:
        """Paste the drawn items in place, one over the other."""
        for item in plan:
            crop = item.crop
            rows, own_rows = overlap(item.top, crop.cover.shape[0], label.shape[0])
            columns, own_columns = overlap(
                item.left, crop.cover.shape[1], label.shape[1]
            )
            cover = np.ascontiguousarray(crop.cover[own_rows, own_columns])
            if not cover.size:
                continue
            cv2.copyTo(crop.image[own_rows, own_columns], cover, image[rows, columns])
            label[rows, columns][cover > 0] = crop.label


def _cut_item(dataset: DonorDataset, index: int, label: int) -> BankItem:
    """Cut the pixels of a class out of an image."""
    cover = dataset.label_map_of(index) == label
    crop = cut_out(dataset.load_image(index), cover, label, 0.0)
    centre = tuple(
        (np.flatnonzero(cover.any(axis=1 - axis))[0] + side / 2) / length
        for axis, (side, length) in enumerate(zip(crop.cover.shape, cover.shape))
    )
    return BankItem(crop, (centre[0], centre[1]))
