"""Mosaic: four images around a point."""

from dataclasses import dataclass

import numpy as np
from mmseg.registry import TRANSFORMS

from .class_weights import ClassWeights, check_weights, resolve_weights
from .donor_pool import DonorPool
from .fast_resize import resize_label
from .fast_resize_crop import resize_part
from .image_pool import WholeImage, draw_other, image_pool
from .mix_transform import DonorDataset, MixTransform

Box = tuple[int, int, int, int]


@dataclass
class Tile:
    """One of the four parts.

    Attributes:
        donor: What it shows; None for the sample itself.
        size: Width and height to which its whole source is resized.
        source: Box of the resized source, (y1, y2, x1, x2).
        target: Box of the sample, of the same size.
    """

    donor: WholeImage | None
    size: tuple[int, int]
    source: Box
    target: Box


@TRANSFORMS.register_module()
class Mosaic(MixTransform):
    """Divide a sample at a random point; three of the parts show donors.

    After Bochkovskiy et al., "YOLOv4", 2020, arXiv:2004.10934. Unlike mmseg's
    ``RandomMosaic`` it needs no wrapper around the data set, the result has the size of
    the sample and no padding: each part is a random crop of its image, which is resized
    by a random factor before, and by no less than the part needs to be filled. The
    sample keeps a random one of the four parts.

    Args:
        prob: Probability that a sample is mixed.
        centre: Smallest and largest share of height and width where it is divided.
        scale: Smallest and largest factor of size of each image.
        class_weights: As for :class:`CutMix`.
        flip_prob: Probability of flipping a donor from left to right, drawn when it
            comes into the pool.
        pool_size: See :class:`MixTransform`; about 1 MB each at 512x512.
        refresh: See :class:`MixTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        centre: tuple[float, float] = (0.25, 0.75),
        scale: tuple[float, float] = (0.5, 1.0),
        class_weights: ClassWeights | None = None,
        flip_prob: float = 0.5,
        pool_size: int = 32,
        refresh: int = 8,
    ) -> None:
        super().__init__(prob, pool_size, refresh)
        if not 0 <= centre[0] <= centre[1] <= 1:
            raise ValueError(f'centre must be 0 <= low <= high <= 1, got {centre}')
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(f'scale must be 0 < low <= high, got {scale}')
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob must be in [0, 1], got {flip_prob}')
        check_weights(class_weights)
        self.centre = centre
        self.scale = scale
        self.class_weights = class_weights
        self.flip_prob = flip_prob

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

    def draw_paste(self, results: dict, pool: DonorPool[WholeImage]) -> list[Tile]:
        """Draw the point, the donors, their sizes and crops."""
        height, width = results['gt_seg_map'].shape
        y, x = (round(n * np.random.uniform(*self.centre)) for n in (height, width))
        own = np.random.randint(4)
        tiles = []
        for k in range(4):
            rows = ((0, y), (y, height))[k // 2]
            columns = ((0, x), (x, width))[k % 2]
            donor = None
            if k != own:
                donor = draw_other(pool, results.get('sample_idx', -1))
            shape = donor.label.shape if donor else (height, width)
            tile = self._draw_tile(donor, shape, (*rows, *columns))
            if tile is not None:
                tiles.append(tile)
        return tiles

    def _draw_tile(
        self, donor: WholeImage | None, shape: tuple[int, ...], target: Box
    ) -> Tile | None:
        """Draw size and crop of one part; None if it is empty."""
        need = (target[1] - target[0], target[3] - target[2])
        if not min(need):
            return None
        factor = np.random.uniform(*self.scale)
        factor = max(factor, *(n / length for n, length in zip(need, shape)))
        size = [max(round(length * factor), n) for n, length in zip(need, shape)]
        top, left = (
            int(np.random.randint(whole - n + 1)) for n, whole in zip(need, size)
        )
        source = (top, top + need[0], left, left + need[1])
        return Tile(donor, (size[1], size[0]), source, target)

    def paste(self, image: np.ndarray, label: np.ndarray, plan: list[Tile]) -> None:
        """Fill the parts in place."""
        own = WholeImage(-1, image.copy(), label.copy())
        for tile in plan:
            source = tile.donor or own
            y1, y2, x1, x2 = tile.target
            top, bottom, left, right = tile.source
            image[y1:y2, x1:x2] = resize_part(source.image, tile.size, tile.source)
            resized = resize_label(source.label, *tile.size)
            label[y1:y2, x1:x2] = resized[top:bottom, left:right]
