"""What the transforms that mix donors into a sample share."""

from abc import abstractmethod
from typing import Any, Protocol

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from .donor_pool import DonorPool, PoolHolder
from .live_weights import LiveWeights


class DonorDataset(Protocol):
    """What a data set has to offer as the source of donors (``TrashDataset`` does)."""

    @property
    def metainfo(self) -> dict: ...

    def load_image(self, index: int) -> np.ndarray: ...

    def label_map_of(self, index: int) -> np.ndarray: ...

    def class_counts(self) -> np.ndarray: ...


class MixTransform(BaseTransform):
    """Paste something of other images of the data set into a sample.

    Stands right after loading, at native resolution: the donor then goes through the
    same resizing, cropping, flipping and colour changes as the sample. Donors come
    from ``results['donors']`` by way of a :class:`DonorPool`, decoded by the loader of
    the sample itself, so that the order of the channels is the same. What is pasted is
    decided by label maps and instances alone, never by the colours of pixels.

    With probability 0, and for a sample that is not chosen, nothing is touched.
    Random numbers come from ``np.random``: from the same seed a fresh transform does
    the same.

    Attributes:
        live_weights: Weights of the classes of donors that may change in the course of
            training and then take the place of those of the config; None for none.

    Args:
        prob: Probability that a sample is mixed.
        pool_size: Number of decoded donors that each worker keeps; 0 decodes one for
            every use.
        refresh: Once the pool is full, one donor is replaced every so many mixed
            samples.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(self, prob: float, pool_size: int, refresh: int) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        if pool_size < 0:
            raise ValueError(f'pool_size must not be negative, got {pool_size}')
        if refresh < 1:
            raise ValueError(f'refresh must be at least 1, got {refresh}')
        self.prob = prob
        self.pool_size = pool_size
        self.refresh = refresh
        self.live_weights: LiveWeights | None = None
        self._holder: PoolHolder = PoolHolder()

    @cache_randomness
    def draw(self, results: dict) -> Any:
        """Draw whether and what to paste; None leaves the sample alone."""
        if np.random.random() >= self.prob:
            return None
        dataset = results.get('donors', results['dataset'])
        version = self.live_weights.version if self.live_weights else 0
        pool = self._holder.get(dataset, lambda: self.build_pool(dataset), version)
        pool.turn()
        return self.draw_paste(results, pool)

    def current_weights(
        self, configured: np.ndarray | None, available: np.ndarray
    ) -> np.ndarray | None:
        """Return the weights that count now.

        Args:
            configured: Weights of the config, (C,); None for none.
            available: bool, (C,), which classes have donors.

        Returns:
            The live weights, 0 where there are no donors, if any is left; else what the
            config says.
        """
        live = self.live_weights.get() if self.live_weights else None
        if live is None or not (live[available] > 0).any():
            return configured
        return np.where(available, live, 0)

    @abstractmethod
    def build_pool(self, dataset: Any) -> DonorPool:
        """Return an empty pool of the donors of a data set."""

    @abstractmethod
    def draw_paste(self, results: dict, pool: DonorPool) -> Any:
        """Draw everything that is random about one paste."""

    @abstractmethod
    def paste(self, image: np.ndarray, label: np.ndarray, plan: Any) -> None:
        """Paste into an image, (H, W, 3), and its label map, (H, W), in place."""

    def transform(self, results: dict) -> dict:
        """Mix a donor into ``img`` and ``gt_seg_map``.

        Both are changed in place, since loaders hand out arrays that belong to the
        sample; read-only ones are copied.

        Raises:
            KeyError: If the sample has no data set, image or label map.
            ValueError: If image and label map differ in size.
        """
        if self.prob == 0:
            return results
        for key in ('dataset', 'img', 'gt_seg_map'):
            if results.get(key) is None:
                raise KeyError(
                    f'{type(self).__name__} needs results[{key!r}]: it stands right '
                    'after the loading of image and label map, in the pipeline of a '
                    'data set that hands itself over, as TrashDataset does'
                )
        if results['img'].shape[:2] != results['gt_seg_map'].shape:
            raise ValueError(
                f'image {results["img"].shape[:2]} and label map '
                f'{results["gt_seg_map"].shape} differ in size'
            )
        plan = self.draw(results)
        if plan is None:
            return results
        image, label = (_writeable(results[key]) for key in ('img', 'gt_seg_map'))
        self.paste(image, label, plan)
        results['img'], results['gt_seg_map'] = image, label
        return results


def _writeable(array: np.ndarray) -> np.ndarray:
    """Return the array itself, or a copy of a read-only one."""
    return array if array.flags.writeable else array.copy()
