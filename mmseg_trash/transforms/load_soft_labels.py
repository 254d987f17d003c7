"""Load the probabilities that pseudo labels were made of."""

from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ..errors import ConfigError
from ..pseudo.soft import SoftLabels
from .mix_transform import MixTransform

PREFIX = 'gt_prob_'


@TRANSFORMS.register_module()
class LoadSoftLabels(BaseTransform):
    """Add the class probabilities of an image that a store has, after its label map.

    Each class's map, (H, W) uint8 of 255 levels, is one more of the ``seg_fields``, so
    that it is resized, cropped and flipped as the label map; :class:`PackSoftLabels`
    puts them together. Images that the store lacks, such as those with true labels, are
    left as they are. Pixels that the label map ignores have no probabilities.

    Args:
        store: Folder of the store that tools/pseudo_label.py --soft wrote.
    """

    def __init__(self, store: str) -> None:
        self.store = store
        self._soft: SoftLabels | None = None

    def transform(self, results: dict) -> dict:
        """Add ``gt_prob_0``, ``gt_prob_1``, ... to ``seg_fields``.

        Args:
            results: With ``file_name``, ``gt_seg_map`` and ``dataset``.

        Raises:
            ConfigError: The pipeline mixes images, which would not mix probabilities,
                or the store has other classes.
            FileNotFoundError, DataError: The store cannot be read.
        """
        dataset = results['dataset']
        if self._soft is None:
            for step in dataset.pipeline.transforms:
                if isinstance(step, MixTransform):
                    raise ConfigError(
                        f'LoadSoftLabels: {type(step).__name__} in the same pipeline '
                        'mixes images, but not their probabilities; take it out'
                    )
            self._soft = SoftLabels(self.store, dataset.metainfo['classes'])
        levels = self._soft.levels(results['file_name'], results['gt_seg_map'])
        for number, level in enumerate(() if levels is None else levels):
            results[f'{PREFIX}{number}'] = level
            results['seg_fields'].append(f'{PREFIX}{number}')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(store={self.store!r})'
