"""CopyPaste: objects of other images, pasted at random places."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from mmseg.registry import TRANSFORMS

from ..errors import DataError
from ..metainfo import CLASSES
from .class_weights import donor_probabilities, label_of
from .donor_pool import DonorPool
from .mix_transform import DonorDataset, MixTransform
from .object_crop import ObjectCrop, Placement, cut_out, fitting_scale, lay_in

RARE_CLASSES = ('Paper pack', 'Metal', 'Glass', 'Battery', 'Clothing')
"""The five classes with the fewest objects."""

MAX_TRIES = 10


class ObjectDataset(DonorDataset, Protocol):
    """A source of donors that knows its objects."""

    def instances(self, index: int) -> Sequence[Any]: ...

    def instance_index(self) -> Any: ...


@TRANSFORMS.register_module()
class CopyPaste(MixTransform):
    """Paste objects of other images into a sample.

    The semantic form of Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation
    Method for Instance Segmentation", CVPR 2021, arXiv:2012.07177. Different from the
    paper, objects come one by one from a pool of all images instead of from one second
    image, and only those of chosen classes: a class is drawn evenly, then one of its
    objects. Of an object only the pixels are taken that carry its label in the donor's
    label map, so that what lies over it does not come along under a wrong name.

    Args:
        prob: Probability that a sample gets objects.
        classes: Names or labels of the classes to paste.
        num_objects: Fewest and most objects in a sample.
        scale: Smallest and largest factor of size, drawn evenly; an object never
            becomes larger than the sample.
        flip_prob: Probability of flipping an object from left to right.
        feather: Standard deviation of a blended edge in pixels; 0 cuts hard.
        min_area: An object of fewer visible pixels is not used, and one of which fewer
            would be visible in the sample (clipped, or covered) is not pasted.
        on: ``'anywhere'`` places the centre on any pixel; ``'background'`` on a pixel
            of Background and covers nothing but Background.
        pool_size: See :class:`MixTransform`; here objects, cut to their boxes.
        refresh: See :class:`MixTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        classes: Sequence[str | int] = RARE_CLASSES,
        num_objects: tuple[int, int] = (1, 3),
        scale: tuple[float, float] = (0.5, 1.5),
        flip_prob: float = 0.5,
        feather: float = 0.0,
        min_area: int = 64,
        on: str = 'anywhere',
        pool_size: int = 64,
        refresh: int = 8,
    ) -> None:
        super().__init__(prob, pool_size, refresh)
        if isinstance(classes, str) or not classes:
            raise ValueError(f'classes must be a list with entries, got {classes!r}')
        if not 1 <= num_objects[0] <= num_objects[1]:
            raise ValueError(f'num_objects must be 1 <= low <= high: {num_objects}')
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(f'scale must be 0 < low <= high, got {scale}')
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob must be in [0, 1], got {flip_prob}')
        if feather < 0:
            raise ValueError(f'feather must not be negative, got {feather}')
        if min_area < 1:
            raise ValueError(f'min_area must be at least 1, got {min_area}')
        if on not in ('anywhere', 'background'):
            raise ValueError(f"on must be 'anywhere' or 'background', got {on!r}")
        self.classes = tuple(classes)
        self.num_objects = num_objects
        self.scale = scale
        self.flip_prob = flip_prob
        self.feather = feather
        self.min_area = min_area
        self.on = on

    def build_pool(self, dataset: ObjectDataset) -> DonorPool[ObjectCrop | None]:
        """Return an empty pool over the large enough objects of the chosen classes.

        Raises:
            DataError: If there are none.
            ValueError: If a class is unknown to the data set.
        """
        names = dataset.metainfo['classes']
        configured = np.zeros(len(names))
        configured[[label_of(name, names) for name in self.classes]] = 1
        index = dataset.instance_index()
        large = np.asarray(index.area) >= self.min_area
        available = np.zeros(len(names), bool)
        label = np.asarray(index.label, np.int64)
        available[label[large]] = True
        weights = self.current_weights(configured, available)
        assert weights is not None
        fit = large & (weights[label] > 0)
        images, labels, orders = (
            np.asarray(column)[fit]
            for column in (index.image, index.label, index.order)
        )
        if not len(images):
            chosen = [names[c] for c in np.flatnonzero(weights)]
            raise DataError(
                f'CopyPaste: no object of the data set has at least {self.min_area} '
                f'pixels and one of the classes {chosen}'
            )
        present = labels[:, None] == np.arange(len(names))
        likely = donor_probabilities(present, weights)

        def make() -> ObjectCrop | None:
            for drawn in np.random.choice(len(images), MAX_TRIES, p=likely):
                crop = self._decode(dataset, int(images[drawn]), int(orders[drawn]))
                if crop is not None:
                    return crop
            return None

        return DonorPool(make, min(self.pool_size, len(images)), self.refresh)

    def _decode(
        self, dataset: ObjectDataset, image: int, order: int
    ) -> ObjectCrop | None:
        """Decode one object; None if too little of it is visible in its image."""
        instance = dataset.instances(image)[order]
        cover = instance.decode()
        cover &= dataset.label_map_of(image) == instance.label
        if np.count_nonzero(cover) < self.min_area:
            return None
        return cut_out(dataset.load_image(image), cover, instance.label, self.feather)

    def draw_paste(
        self, results: dict, pool: DonorPool[ObjectCrop | None]
    ) -> list[Placement]:
        """Draw objects, scales, flips and places."""
        label = results['gt_seg_map']
        only = self._coverable(results['dataset'])
        placements = []
        for _ in range(np.random.randint(self.num_objects[0], self.num_objects[1] + 1)):
            crop = pool.draw()
            scale = np.random.uniform(*self.scale)
            flip = bool(np.random.random() < self.flip_prob)
            centre = _draw_centre(label, only)
            if crop is not None and centre is not None:
                scale = fitting_scale(crop, scale, label.shape)
                placements.append(Placement(crop, scale, flip, centre, only))
        return placements

    def _coverable(self, dataset: ObjectDataset) -> int | None:
        """Return the only label that may be covered; None for all."""
        if self.on == 'anywhere':
            return None
        return label_of(CLASSES[0], dataset.metainfo['classes'])

    def paste(
        self, image: np.ndarray, label: np.ndarray, plan: list[Placement]
    ) -> None:
        """Paste the drawn objects in place, one over the other."""
        for placement in plan:
            lay_in(image, label, placement, self.feather, self.min_area)


def _draw_centre(label: np.ndarray, only: int | None) -> tuple[int, int] | None:
    """Draw a pixel, of one label if asked for; None if ten tries find none."""
    for _ in range(MAX_TRIES):
        y, x = (int(np.random.randint(n)) for n in label.shape)
        if only is None or label[y, x] == only:
            return y, x
    return None
